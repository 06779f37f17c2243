"""What staff see of mails, and what they can do about them."""

import re
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.doors import headers
from app.features.accounts import service as accounts
from app.features.accounts.models import PasswordToken, User
from app.features.audit.models import AuditLog
from app.features.messages import admin, tasks
from app.features.messages.kinds import KINDS
from app.features.messages.models import EmailMessage
from app.features.messages.rendering import MASK
from app.features.tenants.models import Tenant
from app.kernel import db, tenancy
from app.kernel.access import Role
from tests.messages.factories import make_message, make_reset, read
from tests.payments.factories import make_invoice, make_payment
from tests.support.cast import SignIn, make_staff
from tests.support.clients import PanelClient
from tests.support.counting import Queries
from tests.support.mail import NEVER, MailServer


def logged(action: str) -> list[AuditLog]:
    return list(db.session().scalars(sa.select(AuditLog).where(AuditLog.action == action)))


@pytest.fixture
def as_member(sign_in: SignIn, tenant: Tenant) -> PanelClient:
    """A browser of staff who may read messages and no more."""
    return sign_in(make_staff("mia@harbourline.example", "Mia", Role.MEMBER))


def test_a_mail_without_a_mail_server_is_marked_as_not_sent(as_member: PanelClient, alice: User) -> None:
    message = make_reset(alice)
    tasks.deliver()

    listed = as_member.get("/admin/messages").text
    shown = as_member.get(f"/admin/messages/{message.id}").text

    assert "No mail server is set up" in listed
    assert "Not sent" in listed
    assert "Not sent: no mail server is set up." in shown
    assert "Send now" not in shown


def test_nobody_finds_a_secret_in_the_pages_of_a_message(as_olive: PanelClient, alice: User) -> None:
    message = make_reset(alice)
    tasks.deliver()
    link = db.session().get_one(PasswordToken, message.link_id)
    token = accounts.link_token(link)

    pages = [as_olive.get(f"/admin/messages/{message.id}{part}").text for part in ("", "/body")]

    assert not any(token in page for page in pages)
    assert all(MASK in page for page in pages)


def test_a_mail_that_is_not_yet_drawn_is_shown_as_it_would_look_with_its_link_masked(
    as_member: PanelClient, alice: User
) -> None:
    message = make_reset(alice)

    body = as_member.get(f"/admin/messages/{message.id}/body").text

    assert MASK in body
    assert not re.search(r"token=[A-Za-z0-9_-]{20}", body)


def test_a_mail_is_framed_by_its_own_page_alone_and_may_do_nothing(as_member: PanelClient, alice: User) -> None:
    message = make_message(alice)

    page = as_member.get(f"/admin/messages/{message.id}")
    body = as_member.get(f"/admin/messages/{message.id}/body")

    assert page.headers["Content-Security-Policy"] == headers.POLICY + "; frame-src 'self'"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert body.headers["Content-Security-Policy"] == admin.MAIL_POLICY
    assert body.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert body.headers["Cache-Control"] == "no-store"


def test_an_owner_may_see_the_link_once_and_that_is_logged(as_olive: PanelClient, olive: User, alice: User) -> None:
    message = make_reset(alice)
    tasks.deliver()

    answer = as_olive.post(f"/admin/messages/{message.id}/disclosure")

    link = db.session().get_one(PasswordToken, message.link_id)
    assert answer.status_code == 200
    assert accounts.set_password_url(link) in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    (row,) = logged("MESSAGE_LINK_REVEALED")
    assert (row.actor_user_id, row.resource_id, row.severity) == (olive.id, message.id, "warning")
    assert accounts.link_token(link) not in repr(row.state_after)


def test_a_link_that_is_used_up_is_not_shown(as_olive: PanelClient, alice: User) -> None:
    message = make_reset(alice)
    link = db.session().get_one(PasswordToken, message.link_id)
    link.used_at = link.created_at

    answer = as_olive.post(f"/admin/messages/{message.id}/disclosure")

    assert answer.status_code == 409
    assert not logged("MESSAGE_LINK_REVEALED")


@pytest.mark.parametrize("act", ["sending", "disclosure"])
def test_who_may_only_read_changes_and_reveals_nothing(as_member: PanelClient, alice: User, act: str) -> None:
    message = make_reset(alice)

    assert as_member.post(f"/admin/messages/{message.id}/{act}").status_code == 403
    assert as_member.post("/admin/messages/sendings", data={"state": "kept"}).status_code == 403


def test_an_admin_may_send_again_but_not_look_at_links(as_sam: PanelClient, alice: User) -> None:
    message = make_reset(alice)

    assert as_sam.post(f"/admin/messages/{message.id}/disclosure").status_code == 403
    assert "Show its link" not in as_sam.get(f"/admin/messages/{message.id}").text


def test_staff_below_member_see_no_messages(sign_in: SignIn, tenant: Tenant) -> None:
    viewer = sign_in(make_staff("vic@harbourline.example", "Vic", Role.VIEWER))

    assert viewer.get("/admin/messages").status_code == 403


def test_a_customers_owner_gets_nothing(as_alice: PanelClient, alice: User) -> None:
    message = make_reset(alice)

    for path in ("", f"/{message.id}", f"/{message.id}/body"):
        assert as_alice.get(f"/admin/messages{path}").status_code in {403, 404}
    for path in (f"/{message.id}/sending", f"/{message.id}/disclosure", "/sendings"):
        assert as_alice.post(f"/admin/messages{path}").status_code in {403, 404}


def test_the_mail_of_another_tenant_is_not_there(as_olive: PanelClient, charlie: User) -> None:
    with tenancy.as_tenant(charlie.tenant_id):
        foreign = make_reset(charlie)
    missing = UUID(int=foreign.id.int ^ 1)

    for message_id in (foreign.id, missing):
        for path in ("", "/body"):
            assert as_olive.get(f"/admin/messages/{message_id}{path}").status_code == 404
        for path in ("/sending", "/disclosure"):
            assert as_olive.post(f"/admin/messages/{message_id}{path}").status_code == 404
    assert "charlie@" not in as_olive.get("/admin/messages").text


def test_a_failed_mail_tells_why_and_can_be_sent_again(smtp: MailServer, as_sam: PanelClient, alice: User) -> None:
    smtp.behave(NEVER)
    message = make_message(alice)
    tasks.deliver()
    assert "554 No such person" in as_sam.get(f"/admin/messages/{message.id}").text
    smtp.behave("250 OK")

    answer = as_sam.post(f"/admin/messages/{message.id}/sending")
    tasks.deliver()

    assert (answer.status_code, answer.location) == (303, f"/admin/messages/{message.id}")
    assert (read(message.id).state, len(smtp.mails)) == ("done", 1)
    assert logged("MESSAGE_RESENT")[0].resource_id == message.id


def test_all_that_was_kept_goes_out_with_one_button(smtp: MailServer, as_sam: PanelClient, alice: User) -> None:
    for _ in range(3):
        make_message(alice, state="kept")
    make_message(alice, state="dead")

    answer = as_sam.post("/admin/messages/sendings", data={"state": "kept"})
    tasks.deliver()

    assert answer.status_code == 303
    assert len(smtp.mails) == 3
    assert logged("MESSAGES_RESENT")[0].state_after == {"state": "kept", "count": 3}


def test_without_a_mail_server_sending_again_says_what_is_missing(as_sam: PanelClient, alice: User) -> None:
    message = make_message(alice, state="kept")

    answer = as_sam.post(f"/admin/messages/{message.id}/sending")

    assert answer.status_code == 409
    assert "Set one up in the settings" in answer.text
    assert read(message.id).state == "kept"


def test_sending_a_sent_mail_again_makes_a_new_mail_with_a_link_that_works(
    smtp: MailServer, as_sam: PanelClient, alice: User
) -> None:
    message = make_reset(alice)
    tasks.deliver()
    link = db.session().get_one(PasswordToken, message.link_id)
    link.used_at = link.created_at
    db.session().flush()

    as_sam.post(f"/admin/messages/{message.id}/sending")
    tasks.deliver()

    first, second = smtp.mails
    assert first.message_id != second.message_id
    assert accounts.find_password_link(second.link("/set-password").partition("token=")[2]) is not None


@pytest.mark.both_stores
def test_the_list_is_filtered_by_state_template_and_the_beginning_of_the_address(
    as_member: PanelClient, alice: User, bob: User
) -> None:
    make_message(alice)
    make_message(bob, state="dead", last_error="554 no")

    def addresses(query: str) -> set[str]:
        return set(re.findall(r"(?:alice|bob)@[a-z.]+", as_member.get(f"/admin/messages?{query}").text)) - {"bob@"}

    assert addresses("q=ALICE@") == {"alice@acme.example"}
    assert addresses("q=bob") == {"bob@builders.example"}
    assert addresses("state=failed") == {"bob@builders.example"}
    assert addresses("state=sent") == set()
    assert addresses("template=welcome") == set()
    assert addresses("state=nonsense&template=nonsense") == {"alice@acme.example", "bob@builders.example"}
    assert "Nothing matches" in as_member.get("/admin/messages?q=zz%00%25_'").text


def test_the_list_pages_by_key(as_member: PanelClient, alice: User) -> None:
    made = [str(make_message(alice).id) for _ in range(60)]

    first = as_member.get("/admin/messages").text
    next_href = re.search(r'href="([^"]+)" rel="next"', first)
    assert next_href is not None
    second = as_member.get(next_href.group(1).replace("&amp;", "&")).text

    found = [re.findall(r'href="/admin/messages/([0-9a-f-]{36})"', page) for page in (first, second)]
    assert found[0] + found[1] == made[::-1]
    assert as_member.get("/admin/messages?cursor=AAAA").status_code == 400


def test_the_list_asks_little_of_the_store_however_long_it_is(
    as_member: PanelClient, alice: User, queries: Queries
) -> None:
    for _ in range(55):
        make_message(alice)

    with queries(max=15):
        as_member.get("/admin/messages")


def test_nothing_to_show_yet_says_what_will_stand_here(as_member: PanelClient) -> None:
    assert "No messages yet" in as_member.get("/admin/messages").text


def test_a_fragment_is_only_the_rows(as_member: PanelClient, alice: User) -> None:
    make_message(alice)

    part = as_member.get("/admin/messages?q=alice", headers={"HX-Request": "true", "HX-Target": "rows"}).text

    assert part.lstrip().startswith('<div id="rows">')
    assert "<html" not in part


@pytest.mark.parametrize(("role", "sees"), [(Role.MEMBER, False), (Role.BILLING, True)])
def test_mails_that_name_amounts_are_for_staff_who_see_money(
    sign_in: SignIn, tenant: Tenant, alice: User, role: Role, sees: bool
) -> None:
    make_payment(make_invoice(alice))
    tasks.deliver()
    receipt = db.session().scalars(sa.select(EmailMessage).where(EmailMessage.template == "payment_received")).one()
    reader = sign_in(make_staff("mia@harbourline.example", "Mia", role))
    here = f"/admin/messages/{receipt.id}"

    seen = [reader.get(page).text for page in ("/admin/messages", here, f"/admin/customers/{alice.customer_id}")]

    assert "39.92" in receipt.subject_line
    assert ["Receipt: USD 39.92" in page for page in seen] == [sees, sees, sees]
    assert ["39.92" in page for page in seen[:2]] == [sees, sees]
    assert ("It names amounts." in seen[1]) is not sees
    assert reader.get(f"{here}/body").status_code == (200 if sees else 403)


def test_every_mail_with_an_amount_in_it_says_so() -> None:
    """What a template calls an amount; a mail that names one under another name has to be added here."""
    amounts = re.compile(r"{{[^}]*\b(amount|invoice_total|total|credited|open|price|balance)\b[^}]*}}")
    mails = Path("templates/messages/mail")

    found = {name for name in KINDS for end in ("txt", "html") if amounts.search((mails / f"{name}.{end}").read_text())}

    assert found == {name for name, kind in KINDS.items() if kind.says_money}
