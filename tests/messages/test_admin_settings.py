"""`/admin/settings/mail`: by which server mail leaves, in whose name, and trying it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.audit.models import AuditLog
from app.features.messages import tasks
from app.features.messages.models import EmailMessage
from app.features.tenants import mailing
from app.features.tenants.models import Tenant
from app.kernel import crypto, db, tenancy
from app.kernel.access import Role
from tests.support.cast import SignIn, make_staff
from tests.support.clients import PanelClient
from tests.support.mail import MailServer

HERE = "/admin/settings/mail"
SERVER = {"host": "smtp.example.com", "port": "587", "encryption": "starttls", "user": "me", "password": "s3cret-word"}
WRITES = ("/server", "/server/removal", "/senders", "/tests")


@pytest.fixture
def as_theirs(sign_in: SignIn, other_tenant: Tenant) -> Iterator[PanelClient]:
    """An ADMIN of the other tenant."""
    with tenancy.as_tenant(other_tenant.id):
        person = make_staff("tess@tern.example", "Tess", Role.ADMIN)
    yield sign_in(person, host="portal.tern.example")


def test_strangers_customers_and_lesser_staff_are_kept_out(
    client: PanelClient, as_alice: PanelClient, sign_in: SignIn, tenant: Tenant
) -> None:
    billing = sign_in(make_staff("bea@harbourline.example", "Bea", Role.BILLING))

    assert client.get(HERE).status_code in {302, 303}
    assert [who.get(HERE).status_code for who in (as_alice, billing)] == [403, 403]
    for part in WRITES:
        assert client.post(HERE + part, data=SERVER).status_code in {303, 401, 403}
        assert [who.post(HERE + part, data=SERVER).status_code for who in (as_alice, billing)] == [403, 403]
    assert mailing.own_server() is None
    assert db.session().scalars(sa.select(EmailMessage)).all() == []


def test_a_tenant_reads_where_its_server_may_stand(as_sam: PanelClient, as_theirs: PanelClient) -> None:
    opened = "a network that the operator has opened by WEBHOOK_ALLOW_NETWORKS"

    assert opened in as_theirs.get(HERE).text
    assert opened not in as_sam.get(HERE).text


@pytest.mark.both_stores
def test_the_password_is_sealed_never_shown_and_masked_in_the_log(as_sam: PanelClient, tenant: Tenant) -> None:
    assert as_sam.post(f"{HERE}/server", data=SERVER).status_code == 303

    assert crypto.unseal(tenant.smtp_url_sealed) == b"smtp://me:s3cret-word@smtp.example.com:587?starttls=require"
    assert b"s3cret" not in tenant.smtp_url_sealed
    shown = as_sam.get(HERE).text
    assert "smtp.example.com" in shown
    assert "s3cret" not in shown
    logged = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "SETTINGS_CHANGED")).one()
    assert logged.state_after["mail_server"] == "smtp.example.com:587"
    assert logged.state_after["mail_password"] == "[masked]"
    assert "s3cret" not in f"{logged.state_before}{logged.state_after}{logged.personal}"


def test_a_stored_password_goes_to_no_other_server(as_sam: PanelClient, tenant: Tenant) -> None:
    as_sam.post(f"{HERE}/server", data=SERVER)

    for changed in ({"host": "evil.example.com"}, {"port": "588"}, {"user": "you"}):
        refused = as_sam.post(f"{HERE}/server", data={**SERVER, "password": "", **changed})
        assert refused.status_code == 422
        assert 'id="password-error"' in refused.text
    kept = as_sam.post(f"{HERE}/server", data={**SERVER, "password": "", "encryption": "tls"})

    assert kept.status_code == 303
    assert mailing.own_server().password == "s3cret-word"
    assert mailing.own_server().encryption == "tls"


@pytest.mark.parametrize(
    ("field", "value"),
    [("host", "http://smtp.example.com"), ("host", "a b"), ("host", ""), ("port", "0"), ("port", "99999"), ("port", "x"),
     ("port", "1" * 400),
     ("encryption", "maybe"), ("encryption", "none"), ("password", "a\x01b"), ("user", "u" * 201)],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field(as_sam: PanelClient, tenant: Tenant, field: str, value: str) -> None:
    answer = as_sam.post(f"{HERE}/server", data={**SERVER, field: value})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert mailing.own_server() is None


def test_another_tenant_may_not_name_a_server_inside_our_network(as_theirs: PanelClient, other_tenant: Tenant) -> None:
    refused = as_theirs.post(f"{HERE}/server", data={**SERVER, "host": "169.254.169.254"})
    taken = as_theirs.post(f"{HERE}/server", data=SERVER)

    assert (refused.status_code, taken.status_code) == (422, 303)
    assert "not a public address" in refused.text


def test_the_installations_server_is_named_to_the_operator_alone(
    smtp: MailServer, as_sam: PanelClient, as_theirs: PanelClient
) -> None:
    assert "the installation&#39;s server, 127.0.0.1" in as_sam.get(HERE).text
    assert "127.0.0.1" not in as_theirs.get(HERE).text.replace("http://127.0.0.1", "")


def test_removing_the_server_forgets_its_password(as_sam: PanelClient, tenant: Tenant) -> None:
    as_sam.post(f"{HERE}/server", data=SERVER)

    as_sam.post(f"{HERE}/server/removal")

    assert tenant.smtp_url_sealed is None
    assert "No mail server is set up" in as_sam.get(HERE).text


def test_only_the_fields_of_the_form_can_be_set(as_sam: PanelClient, tenant: Tenant) -> None:
    as_sam.post(
        f"{HERE}/senders", data={"mail_name": "Post", "smtp_url_sealed": "x", "currency": "JPY", "departments": "{}"}
    )
    as_sam.post(f"{HERE}/server", data={**SERVER, "is_operator": "", "is_strangers": "", "mail_from": "x@y.example"})

    assert (tenant.mail_name, tenant.currency, tenant.mail_from) == ("Post", "USD", "")
    assert tenant.is_operator


@pytest.mark.both_stores
def test_senders_and_departments_are_saved_and_shown(as_sam: PanelClient, tenant: Tenant) -> None:
    sent = {"mail_name": "Harbour", "mail_from": "hello@harbourline.example", "billing": "money@harbourline.example"}

    assert as_sam.post(f"{HERE}/senders", data=sent).status_code == 303

    assert tenant.departments == {"billing": "money@harbourline.example"}
    shown = as_sam.get(HERE).text
    assert all(f'value="{text}"' in shown for text in sent.values())


def test_a_wrong_address_of_a_department_is_said_at_its_field(as_sam: PanelClient, tenant: Tenant) -> None:
    answer = as_sam.post(f"{HERE}/senders", data={"careers": "nobody"})

    assert answer.status_code == 422
    assert 'id="careers-error"' in answer.text


@pytest.mark.both_stores
def test_a_test_mail_really_goes_out_and_the_servers_answer_is_shown(
    smtp: MailServer, as_sam: PanelClient, sam: User, queries: object
) -> None:
    answer = as_sam.post(f"{HERE}/tests")
    waiting = as_sam.get(HERE).text
    tasks.deliver()
    with queries(max=15):  # type: ignore[operator]
        done = as_sam.get(HERE).text

    (mail,) = smtp.mails
    assert answer.status_code == 303
    assert mail.to == (sam.email,)
    assert 'hx-trigger="every 2s"' in waiting
    assert "It was sent." in done
    assert "250" in done
    assert 'hx-trigger="every 2s"' not in done


def test_a_server_that_refuses_is_quoted(smtp: MailServer, as_sam: PanelClient) -> None:
    smtp.behave("550 5.7.1 Not from you")
    as_sam.post(f"{HERE}/tests")

    tasks.deliver()

    assert "550 5.7.1 Not from you" in as_sam.get(HERE).text


def test_a_server_that_is_away_is_told_in_plain_words(as_sam: PanelClient, smtp: MailServer) -> None:
    smtp.stop()
    as_sam.post(f"{HERE}/tests")

    tasks.deliver()

    assert "The mail server refuses connections." in as_sam.get(HERE).text


def test_without_any_server_a_test_says_so(as_sam: PanelClient, tenant: Tenant) -> None:
    answer = as_sam.post(f"{HERE}/tests")

    assert answer.status_code == 409
    assert "No mail server is set up" in answer.text
