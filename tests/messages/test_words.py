"""What stands in a mail: the right facts, everybody's words as they are, and no header but ours."""

from email import message_from_bytes, policy
from email.message import EmailMessage as Mime
from typing import cast
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.features.accounts import email_changes
from app.features.accounts.models import Customer, EmailUndo, User
from app.features.billing import specimen as billing
from app.features.branding import service as branding
from app.features.marketing import service as marketing
from app.features.messages import envelope, rendering
from app.features.messages.kinds import KINDS
from app.features.messages.models import EmailMessage
from app.features.payments import specimen as payments
from app.features.people import specimen as people
from app.features.provisioning import specimen as provisioning
from app.features.tenants.models import Tenant
from app.features.webhooks import specimen as webhooks
from app.kernel import db
from tests.kb.factories import make_published
from tests.messages.factories import make_message, make_reset, newest

SENDER = "panel@harbourline.example"


def composed(message: EmailMessage) -> Mime:
    parcel = envelope.compose(message, rendering.draw(message), sender=SENDER)
    return cast(Mime, message_from_bytes(parcel.content, policy=policy.default))


@pytest.mark.both_stores
@pytest.mark.usefixtures("plans")
def test_the_welcome_says_what_was_bought_what_is_due_and_where_to_begin(tenant: Tenant) -> None:
    made = marketing.create_account(
        email="john@example.com", first_name="John", last_name="Doe", plan="shared-starter", cycle="oneYear",
        promo_code="WELCOME20",
    )  # fmt: skip
    message = newest()

    draft = rendering.draw(message)

    assert (message.template, message.to_address) == ("welcome", "john@example.com")
    assert draft.subject == "Welcome to Harbourline"
    for part in (draft.html, draft.text):
        for word in ("John", "Starter", "1 year", "USD 39.92", "4 Dec 2026", "MP-2026-000001", "72 hours"):
            assert word in part
        assert made.set_password_url in part


@pytest.mark.usefixtures("plans")
def test_the_welcome_of_somebody_who_is_in_already_leads_to_the_portal(tenant: Tenant) -> None:
    marketing.create_account(
        email="john@example.com", first_name="John", last_name="Doe", plan="shared-starter", cycle="monthly"
    )
    message = newest()
    link = rendering.find_link(message, KINDS["welcome"])
    assert link is not None
    link.used_at = link.created_at
    db.session().flush()

    draft = rendering.draw(message)

    assert "token=" not in draft.html + draft.text
    assert "http://127.0.0.1:2271/client" in draft.text


@pytest.mark.parametrize("name", ["{{ config.SECRET_KEY }}", "{% raw %}", "{{ 7*7 }}", "{{ ''.__class__ }}"])
def test_values_are_never_read_as_templates(alice: User, name: str) -> None:
    alice.first_name = name

    draft = rendering.draw(make_message(alice))

    assert f"Hello {name}," in draft.text
    assert "Hello {" in draft.html


def test_markup_in_a_name_stays_words(alice: User) -> None:
    alice.first_name = "<img src=x onerror=alert(1)>"

    draft = rendering.draw(make_message(alice))

    assert "<img src=x" not in draft.html
    assert "&lt;img src=x onerror=alert(1)&gt;" in draft.html


@pytest.mark.parametrize(
    "broken", ["\r\nBcc: all@evil.example", "\nSubject: other", "\rTo: x@y.example", "\u2028Bcc: a@b"]
)
def test_a_name_makes_no_header_of_its_own(tenant: Tenant, alice: User, broken: str) -> None:
    row = branding.install_defaults(tenant)
    row.company_name = f"Harbourline{broken}"
    alice.first_name = f"Alice{broken}"
    branding.drop(tenant.id)

    mime = composed(make_reset(alice))

    assert mime["Bcc"] is None
    assert mime.get_all("Subject") is not None
    assert len(mime.get_all("Subject", [])) == len(mime.get_all("To", [])) == len(mime.get_all("From", [])) == 1
    assert [address.addr_spec for address in mime["To"].addresses] == ["alice@acme.example"]
    assert [address.addr_spec for address in mime["From"].addresses] == [SENDER]
    branding.drop(tenant.id)


@pytest.mark.parametrize(
    "address", ["a@x.example,b@y.example", "a@x.example\r\nBcc: b@y.example", "a b@x.example", "", "a@"]
)
def test_an_address_that_is_none_or_two_is_never_written_to(alice: User, address: str) -> None:
    message = make_message(alice, to_address=address)

    with pytest.raises(ValueError, match=r".*"):
        envelope.compose(message, rendering.draw(message), sender=SENDER)


def test_the_brand_colours_the_mail_and_answers_reach_a_person(tenant: Tenant, alice: User) -> None:
    branding.install_defaults(tenant, primary="#f2b01e", support_email="help@harbourline.example", address="12 Quay St")

    draft = rendering.draw(make_reset(alice))

    assert "background: #f2b01e" in draft.html
    assert "12 Quay St" in draft.html
    assert "12 Quay St" in draft.text
    mime = composed(newest())
    assert [address.addr_spec for address in mime["Reply-To"].addresses] == ["help@harbourline.example"]
    branding.drop(tenant.id)


def test_letters_of_the_world_arrive_as_they_were(alice: User) -> None:
    alice.first_name = "Zoë 李 🦊"
    message = make_message(alice)

    mime = composed(message)

    for kind in ("plain", "html"):
        part = mime.get_body((kind,))
        assert part is not None
        assert "Hello Zoë 李 🦊," in part.get_content()
    assert all(len(line) <= 998 for line in mime.as_bytes().splitlines())


def changed_address(user: User, *, is_undo: bool) -> UUID:
    """A change of address that waits, or the way back from it."""
    email_changes.request(user, "elsewhere@acme.example")
    change = email_changes.pending(user.id)
    assert change is not None
    undo = sa.select(EmailUndo.id).where(EmailUndo.change_id == change.id)
    return db.session().scalars(undo).one() if is_undo else change.id


def subject_of(template: str, user: User) -> UUID:
    """The record that a mail of that kind is about."""
    customer = db.session().get_one(Customer, user.customer_id)
    if template == "payment_received":
        return payments.make(billing.make(customer)).id
    if template == "task_stuck":
        return provisioning.make(customer).id
    if template.startswith("service_"):
        return provisioning.make(customer).subscription_id
    if template == "webhook_disabled":
        return webhooks.make()[0].id
    if template.startswith("article_"):
        return make_published().id
    if template == "invitation":
        return people.make(user).id
    if template.startswith("email_"):
        return changed_address(user, is_undo=template != "email_confirm")
    return customer.id if template == "welcome" else user.id


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_mail_has_both_forms_loads_nothing_and_keeps_its_styles_inline(alice: User, name: str) -> None:
    message = make_reset(alice) if name == "password_reset" else make_message(alice, template=name)
    message.subject_id = subject_of(name, alice)

    draft = rendering.draw(message)

    assert draft.subject
    assert draft.text.strip()
    assert "<script" not in draft.html
    assert "src=" not in draft.html
    assert "<link" not in draft.html
    assert 'style="' in draft.html
    assert not [line for line in draft.text.splitlines() if len(line) > 78 and "http" not in line]


@pytest.mark.parametrize("name", ["email_change_asked", "email_changed"])
def test_a_mail_whose_link_is_spent_promises_none(tenant: Tenant, alice: User, name: str) -> None:
    branding.install_defaults(tenant, support_email="help@harbourline.example")
    message = make_message(alice, template=name)
    message.subject_id = changed_address(alice, is_undo=True)
    whole = rendering.draw(message)
    db.session().get_one(EmailUndo, message.subject_id).revoked_at = message.created_at

    draft = rendering.draw(message)

    assert "token=" in whole.text and "token=" in whole.html
    for part in (draft.text, draft.html):
        assert "token=" not in part and "for a new one" not in part
        assert "help@harbourline.example" in part
    branding.drop(tenant.id)
