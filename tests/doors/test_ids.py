"""Case 38: an id of somebody else is answered word for word like an id that does not exist, at every route."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from app.features.accounts.models import Customer, CustomerNote, User
from app.features.api_keys import service as api_keys
from app.features.audit import specimen as audit
from app.features.billing.models import Invoice
from app.features.blog import categories
from app.features.blog import specimen as blog
from app.features.catalogue import service as catalogue
from app.features.catalogue.models import PromoCode
from app.features.files import specimen as files
from app.features.kb import specimen as kb
from app.features.messages.models import EmailMessage
from app.features.orders import service as orders
from app.features.payments import callbacks
from app.features.payments import specimen as payments
from app.features.payments.callbacks import Told
from app.features.people import specimen as people
from app.features.privacy import specimen as privacy
from app.features.provisioning.models import ProvisioningJob
from app.features.sessions.models import UserSession
from app.features.subscriptions.models import Subscription
from app.features.testimonials import specimen as testimonials
from app.features.webhooks import specimen as webhooks
from app.kernel import clock, db, tenancy
from app.kernel.access import access_of
from tests.support.cast import SignIn, principal_of
from tests.support.clients import PanelClient

ODD = ("0", "-1", "9223372036854775808", "1 OR 1=1", "%00", "..%2f..", "x" * 300)
FORGOTTEN = re.compile(r"[0-9a-f-]{36}|[0-9a-f]{24}|[A-Za-z0-9_=-]{80,}|[0-9]+ (?:ms|s)\b")
OWN_PAGES_ONLY = {"name"}
"""Arguments that are no ids of anybody's."""
OPERATORS = "/admin/tenants"
"""The operator's OWNER may see every tenant; what others get is told in tests/operator."""


@pytest.fixture
def theirs(plans: None, bob: User, charlie: User, sign_in: SignIn) -> dict[str, dict[str, UUID | str]]:
    """By argument name: a thing of Bob's (same tenant, other customer) and one of Charlie's (other tenant)."""
    found: dict[str, dict[str, UUID | str]] = {}
    for who in (bob, charlie):
        with tenancy.as_tenant(who.tenant_id):
            if who is charlie:
                catalogue.install_defaults()
            for argument, thing in _things(who).items():
                found.setdefault(argument, {})[who.first_name] = thing
            db.session().flush()
    return found


def _things(who: User) -> dict[str, UUID | str]:
    session = db.session()
    customer = session.get_one(Customer, who.customer_id)
    product = catalogue.find_sellable("shared-starter")
    price = catalogue.price_of(product, "monthly", customer.currency)
    placed = orders.sell_to_new_customer(customer=customer, user=who, product=product, price=price)
    orders.complete(placed.order)
    payment = payments.make(placed.invoice)
    told = Told("evt", "payment.succeeded", "none", "1", "USD", "pi", clock.now())
    callback = callbacks.store(b"{}", told) or uuid4()
    key, _secret = api_keys.create("their site", scopes=["marketing"])
    webhook, delivery = webhooks.make()

    def newest(model: type[Subscription] | type[Invoice] | type[EmailMessage]) -> UUID:
        return session.scalars(sa.select(model.id).order_by(model.created_at.desc())).first() or uuid4()

    return {
        "customer_id": customer.id,
        "kept_id": customer.id,
        "user_id": who.id,
        "subscription_id": newest(Subscription),
        "order_id": placed.order.id,
        "job_id": session.scalars(sa.select(ProvisioningJob.id)).one(),
        "invoice_id": newest(Invoice),
        "message_id": newest(EmailMessage),
        "payment_id": payment.id,
        "callback_id": callback,
        "session_id": _login(who).id,
        "key_id": key.id,
        "product_id": product.id,
        "code_id": session.scalars(sa.select(PromoCode.id)).one(),
        "code": session.scalars(sa.select(PromoCode.code)).one(),
        "webhook_id": webhook.id,
        "delivery_id": delivery.id,
    } | _asked_for(who, customer)


def _asked_for(who: User, customer: Customer) -> dict[str, UUID | str]:
    """What people ask for, and what staff write about them."""
    note = CustomerNote(customer_id=customer.id, text="Pays in time.")
    db.session().add(note)
    copy, wish = privacy.make(principal_of(who), customer)
    invitation = people.make(who, who.first_name.lower())
    article = kb.make(who.first_name.lower())
    db.session().flush()
    return {
        "article_id": article.id,
        "topic_id": article.category_id or uuid4(),
        "revision": "1",
        "note_id": note.id,
        "copy_id": copy.id,
        "erasure_id": wish.id,
        "file_id": files.make().id,
        "post_id": blog.make(principal_of(who), who.first_name).id,
        "category_id": categories.every()[0].id,
        "testimonial_id": testimonials.make(who.first_name).id,
        "invitation_id": invitation.id,
        "log_id": audit.make(who.id).id,
        "export_id": audit.of_staff(principal_of(who)),
    }


def _login(who: User) -> UserSession:
    login = UserSession(
        user_id=who.id, token_hash=uuid4().bytes * 2, csrf_secret=b"x" * 32, device_type="desktop", browser="Firefox",
        os="Linux", ip="127.0.0.1", last_active_at=who.created_at, expires_at=who.created_at,
    )  # fmt: skip
    db.session().add(login)
    db.session().flush()
    return login


def id_routes(app: Flask) -> list[tuple[str, str, list[str]]]:
    """(method, rule, argument names) of every route that takes one."""
    found = []
    for rule in app.url_map.iter_rules():
        arguments = sorted(rule.arguments - OWN_PAGES_ONLY)
        mark = access_of(app.view_functions[rule.endpoint])
        is_tried = mark is not None and mark.kind != "public" and not rule.rule.startswith(OPERATORS)
        if arguments and is_tried:
            found += [(method, rule.rule, arguments) for method in sorted(rule.methods or ()) if method != "OPTIONS"]
    return found


def fill(rule: str, value: Callable[[str], object]) -> str:
    """The rule with each argument replaced."""
    part = {"revision": 1}  # of the record that is named before it
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda one: str(part.get(one[1]) or value(one[1])), rule)


def body_of(rule: str, method: str) -> dict[str, object]:
    """What is sent along: programs send JSON, pages a form with its token."""
    return {"json": {}} if rule.startswith("/api/") and method in {"PATCH", "POST", "PUT"} else {}


def said(answer: TestResponse) -> tuple[int, str]:
    """Status and words, without ids, tokens and times."""
    return answer.status_code, FORGOTTEN.sub("-", answer.text)


def test_ids_of_others_are_answered_like_ids_that_do_not_exist(
    panel_app: Flask, as_alice: PanelClient, as_olive: PanelClient, theirs: dict[str, dict[str, UUID | str]]
) -> None:
    tried = 0
    for method, rule, arguments in id_routes(panel_app):
        for argument in arguments:
            assert argument in theirs, f"{rule}: nobody has a foreign {argument} to try"
        for browser, owners in ((as_alice, ("Bob", "Charlie")), (as_olive, ("Charlie",))):
            missing = said(browser.open(fill(rule, lambda _name: uuid4()), method=method, **body_of(rule, method)))
            assert missing[0] in {401, 403, 404, 422}, f"{method} {rule} answered {missing[0]}"
            for owner in owners:
                address = fill(rule, lambda name, o=owner: theirs[name][o])
                foreign = said(browser.open(address, method=method, **body_of(rule, method)))
                assert foreign == missing, f"{method} {rule} tells {owner}'s id from none"
                tried += 1
    assert tried > 20


def test_odd_ids_are_refused_without_a_fault(panel_app: Flask, as_olive: PanelClient, plans: None) -> None:
    for method, rule, _arguments in id_routes(panel_app):
        for odd in ODD:
            answer = as_olive.open(fill(rule, lambda _name, o=odd: o), method=method, **body_of(rule, method))
            assert answer.status_code in {308, 400, 401, 403, 404, 405, 422}, (
                f"{method} {rule} {odd!r} {answer.status_code}"
            )
