"""By which server a tenant's mail leaves, in whose name, and what a bad one costs the others."""

import dataclasses
import socket
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from app import config
from app.features.accounts.models import User
from app.features.messages import servers, service, smtp, tasks
from app.features.messages.smtp import Line, Outcome, Parcel
from app.features.tenants import mailing
from app.features.tenants.models import Tenant
from app.kernel import crypto, db, outbound, tenancy
from app.kernel.errors import Invalid
from tests.messages.factories import make_message, read
from tests.support.mail import MailServer

PARCEL = Parcel("panel@harbourline.example", "alice@acme.example", b"Subject: hello\r\n\r\nhello\r\n")


@pytest.fixture
def own_server() -> Iterator[MailServer]:
    """The mail server that a tenant has brought."""
    found = MailServer()
    yield found
    found.stop()


@pytest.fixture
def admits_loopback() -> Iterator[None]:
    """The operator admits this machine's own network, where test servers stand."""
    before = outbound._State.rules
    outbound.configure(networks=[ip_network("127.0.0.1/32")])
    yield
    outbound._State.rules = before


def use(server: MailServer, **more: str) -> None:
    mailing.set_server("127.0.0.1", server.port, "none", **more)
    db.session().flush()
    servers.forget()


@pytest.mark.both_stores
def test_each_tenants_mail_leaves_by_its_own_server_and_the_others_by_the_installations(
    smtp: MailServer, own_server: MailServer, admits_loopback: None, alice: User, charlie: User
) -> None:
    make_message(alice)
    with tenancy.as_tenant(charlie.tenant_id):
        use(own_server)
        make_message(charlie)

    tasks.deliver()

    assert [mail.to for mail in smtp.mails] == [("alice@acme.example",)]
    assert [mail.to for mail in own_server.mails] == [("charlie@cycles.example",)]


def test_one_line_carries_many_mails_to_a_tenants_own_server(
    smtp: MailServer, own_server: MailServer, admits_loopback: None, charlie: User
) -> None:
    with tenancy.as_tenant(charlie.tenant_id):
        use(own_server)
        for _ in range(15):
            make_message(charlie)
    own_server.clear()

    tasks.deliver()

    assert (len(own_server.mails), own_server.connections) == (15, 1)


def test_without_an_installations_server_a_tenants_own_still_sends(
    own_server: MailServer, admits_loopback: None, alice: User, charlie: User
) -> None:
    kept = make_message(alice)
    with tenancy.as_tenant(charlie.tenant_id):
        use(own_server)
        make_message(charlie)

    tasks.deliver()

    assert len(own_server.mails) == 1
    assert read(kept.id).state == "kept"


@pytest.mark.both_stores
def test_a_tenants_dead_server_holds_up_nobody_else_and_uses_up_no_attempt(
    smtp: MailServer, own_server: MailServer, admits_loopback: None, alice: User, charlie: User
) -> None:
    own_server.stop()
    with tenancy.as_tenant(charlie.tenant_id):
        use(own_server)
        theirs = [make_message(charlie) for _ in range(30)]
    ours = [make_message(alice) for _ in range(3)]

    tasks.deliver()

    assert len(smtp.mails) == len(ours)
    with tenancy.as_tenant(charlie.tenant_id):
        assert {(read(one.id).state, read(one.id).attempts) for one in theirs} == {("waiting", 0)}
        assert sum(1 for one in theirs if read(one.id).last_error) <= tasks.BATCH  # those in hand


def test_a_mail_server_of_a_tenant_is_never_dialled_inside_our_network(
    smtp: MailServer, own_server: MailServer, charlie: User
) -> None:
    with tenancy.as_tenant(charlie.tenant_id):
        for host in (
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "localhost",
            "::1",
            "10.0.0.5",
            "169.254.169.254",
            "::ffff:127.0.0.1",
        ):
            with pytest.raises(Invalid) as refused:
                mailing.set_server(host, own_server.port, "none")
            assert set(refused.value.fields) == {"host"}
    own_server.clear()
    strangers = dataclasses.replace(smtp_of(own_server), is_strangers=True)

    answer = Line(strangers, own_name="localhost").send(PARCEL)

    assert answer.outcome is Outcome.AWAY
    assert "cannot be reached" in answer.text
    assert own_server.connections == 0


def test_a_server_that_turns_out_to_stand_inside_our_network_gets_no_mail(
    smtp: MailServer, own_server: MailServer, other_tenant: Tenant, charlie: User
) -> None:
    """As when a name that was public is pointed at this machine later."""
    other_tenant.smtp_url_sealed = crypto.seal(f"{own_server.url}?starttls=never".encode())
    db.session().flush()
    mailing.forget()
    own_server.clear()
    with tenancy.as_tenant(other_tenant.id):
        message = make_message(charlie)

    tasks.deliver()

    assert (own_server.mails, own_server.connections, smtp.mails) == ([], 0, [])
    with tenancy.as_tenant(other_tenant.id):
        assert (read(message.id).state, read(message.id).attempts) == ("waiting", 0)
        assert "cannot be reached" in read(message.id).last_error


@pytest.mark.parametrize("port", [0, 22, 6379, 5432, 70000, -1])
def test_a_tenants_mail_server_stands_on_a_mail_servers_port(charlie: User, port: int) -> None:
    with tenancy.as_tenant(charlie.tenant_id), pytest.raises(Invalid) as refused:
        mailing.set_server("smtp.tern.example", port, "starttls")

    assert set(refused.value.fields) == {"port"}


def test_the_operators_own_server_may_stand_anywhere(own_server: MailServer, tenant: Tenant, alice: User) -> None:
    use(own_server)
    make_message(alice)

    tasks.deliver()

    assert len(own_server.mails) == 1


def test_a_server_that_drips_is_cut_off(admits_loopback: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STRANGERS_SECONDS", 1)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_drip, args=(listener, stop))
        thread.start()
        mail = smtp.MailServer("127.0.0.1", listener.getsockname()[1], False, "never", is_strangers=True)
        began = time.monotonic()
        answer = Line(mail, own_name="localhost").send(PARCEL)
        stop.set()
        thread.join()

    assert answer.outcome is Outcome.AWAY
    assert time.monotonic() - began < 20


def _drip(listener: socket.socket, stop: threading.Event) -> None:
    line, _ = listener.accept()
    with line:
        while not stop.wait(0.2):
            try:
                line.sendall(b"2")
            except OSError:
                return


@pytest.mark.both_stores
def test_the_sender_is_the_tenants_own_and_answers_go_to_its_department(
    smtp: MailServer, tenant: Tenant, alice: User
) -> None:
    mailing.set_sender("Harbour Post", "post@harbourline.example", {"support": "help@harbourline.example"})
    make_message(alice)

    tasks.deliver()

    (mail,) = smtp.mails
    assert mail.message["From"] == "Harbour Post <post@harbourline.example>"
    assert mail.message["Reply-To"] == "Harbour Post <help@harbourline.example>"
    assert mail.sender == "post@harbourline.example"


def test_a_tenant_writes_from_its_verified_domain_alone(smtp: MailServer, other_tenant: Tenant, charlie: User) -> None:
    with tenancy.as_tenant(other_tenant.id):
        for stolen in ("ceo@harbourline.example", "a@tern.example", "a@evilportal.tern.example.evil.example"):
            with pytest.raises(Invalid) as refused:
                mailing.set_sender("Tern", stolen, {})
            assert set(refused.value.fields) == {"mail_from"}
        mailing.set_sender("Tern", "hello@portal.tern.example", {})
        make_message(charlie)
    tasks.deliver()
    other_tenant.domain_verified_at = None
    db.session().flush()
    mailing.forget()
    with tenancy.as_tenant(other_tenant.id):
        make_message(charlie)
    tasks.deliver()

    assert [mail.sender for mail in smtp.mails] == ["hello@portal.tern.example", "panel@harbourline.example"]


def test_a_sender_that_the_installations_server_refuses_holds_up_nobody_else(
    smtp: MailServer, other_tenant: Tenant, alice: User, charlie: User
) -> None:
    smtp.unwelcome = "hello@portal.tern.example"
    with tenancy.as_tenant(other_tenant.id):
        mailing.set_sender("Tern", "hello@portal.tern.example", {})
        theirs = [make_message(charlie) for _ in range(3)]
    ours = [make_message(alice) for _ in range(3)]

    tasks.deliver()

    assert len(smtp.mails) == len(ours)
    with tenancy.as_tenant(other_tenant.id):
        assert {(read(one.id).state, read(one.id).attempts) for one in theirs} == {("waiting", 1)}
        assert read(theirs[0].id).last_error == "550 who are you"


def test_a_house_whose_own_sender_is_refused_waits_and_loses_nothing(smtp: MailServer, alice: User) -> None:
    smtp.unwelcome = "panel@harbourline.example"
    message = make_message(alice)

    tasks.deliver()

    assert (read(message.id).state, read(message.id).attempts) == ("waiting", 0)


@pytest.mark.parametrize(
    "address", ["a@x.example\nBcc: b@y.example", "a@x.example, b@y.example", "a b@x.example", "a@x"]
)
def test_a_sender_that_is_two_or_a_header_is_refused(tenant: Tenant, address: str) -> None:
    with pytest.raises(Invalid) as refused:
        mailing.set_sender("", address, {})
    with pytest.raises(Invalid):
        mailing.set_sender("", "", {"billing": address})

    assert set(refused.value.fields) == {"mail_from"}


def test_the_first_tenants_departments_are_the_environments_until_it_says_otherwise(
    panel_app: object, tenant: Tenant, other_tenant: Tenant
) -> None:
    before = config.current()
    config.use(dataclasses.replace(before, departments={"sales": "sales@env.example"}))
    try:
        assert mailing.department("sales") == "sales@env.example"
        with tenancy.as_tenant(other_tenant.id):
            assert mailing.department("sales") == ""
        mailing.set_sender("", "", {"sales": "own@harbourline.example"})
        assert mailing.department("sales") == "own@harbourline.example"
    finally:
        config.use(before)


def test_the_queue_knows_that_a_tenants_own_server_can_send(
    own_server: MailServer, tenant: Tenant, alice: User
) -> None:
    message = make_message(alice, state="kept")
    use(own_server)

    service.resend(message)

    assert read(message.id).state == "waiting"


def smtp_of(server: MailServer) -> smtp.MailServer:
    return smtp.read_url(server.url)
