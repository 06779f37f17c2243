"""`/admin/promo-codes`: the words that make orders cheaper, and what staff may do with them."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.catalogue import codes, service
from app.features.catalogue.models import PromoCode
from app.kernel import clock, db, tenancy
from app.kernel.access import Role
from app.kernel.errors import Invalid
from app.kernel.ids import new_id
from app.kernel.money import Money
from tests.catalogue.factories import make_product, make_promo_code
from tests.orders.factories import make_order
from tests.support.cast import make_staff

HERE = "/admin/promo-codes"
NEW = {"code": "Spring-26", "kind": "percent", "percent": "12.5", "amount": "", "currency": "USD",
       "maximum_uses": "10", "maximum_per_customer": "1"}  # fmt: skip
PAGES = ("", "/new", "/{id}", "/{id}/edit")
WRITES = ("", "/{id}", "/{id}/ending", "/{id}/restoring")


@pytest.fixture
def save(tenant):
    return make_promo_code("SAVE")


def _all(parts, code):
    return [HERE + part.format(id=code.id) for part in parts]


def _only():
    return db.session().scalars(sa.select(PromoCode)).one()


def _find(code, product, at=None):
    return service.find_usable(code, product=product, cycle="monthly", currency="USD")


def test_strangers_customers_and_members_are_kept_out_and_billing_only_reads(client, as_alice, sign_in, save):
    member = sign_in(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))
    billing = sign_in(make_staff("bea@harbourline.example", "Bea", Role.BILLING))

    for url in _all(PAGES, save):
        assert client.get(url).status_code in {302, 303}
        assert [who.get(url).status_code for who in (as_alice, member)] == [403, 403]
    assert [billing.get(url).status_code for url in _all(PAGES, save)] == [200, 403, 200, 403]
    assert billing.post(f"{HERE}/export", data={"as": "csv"}).status_code == 200
    for url in _all(WRITES, save):
        assert client.post(url, data=NEW).status_code in {303, 401, 403}
        assert [who.post(url, data=NEW).status_code for who in (as_alice, member, billing)] == [403] * 3
    assert (_only().code, _only().ended_at) == ("SAVE", None)


def test_a_foreign_code_is_not_there(as_sam, other_tenant, save):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_promo_code("THEIRS")

    for url in _all(PAGES[2:], foreign):
        assert as_sam.get(url).status_code == 404
    for url in _all(WRITES[1:], foreign):
        assert as_sam.post(url, data=NEW).status_code == 404
    assert "THEIRS" not in as_sam.get(HERE).text + as_sam.post(f"{HERE}/export", data={"as": "csv"}).text
    assert as_sam.get(f"{HERE}/{new_id()}").status_code == 404


@pytest.mark.both_stores
def test_a_code_is_made_and_works_however_it_is_typed(as_sam, tenant):
    product = make_product()

    answer = as_sam.post(HERE, data={**NEW, "cycles": "monthly", "products": product.slug})

    code = _find("  spring-26 ", product)
    assert answer.location == f"{HERE}/{code.id}"
    assert service.discount_of(code, Money(1000, "USD")) == Money(125, "USD")
    assert (code.product_slugs, code.cycles, code.invoices) == ([product.slug], ["monthly"], 1)
    with pytest.raises(Invalid):
        service.find_usable("SPRING-26", product=product, cycle="oneYear", currency="USD")


@pytest.mark.parametrize("percent", ["101", "-5", "0", "100.01", "12.345", "1e2", "NaN", "１０", "0x10", "", "20 %"])
def test_a_percentage_that_is_none_is_refused_and_never_stored(as_sam, tenant, percent):
    answer = as_sam.post(HERE, data={**NEW, "percent": percent})

    assert answer.status_code == 422
    assert 'id="percent-error"' in answer.text
    assert 'value="Spring-26"' in answer.text
    assert db.session().scalars(sa.select(PromoCode)).all() == []


def test_a_hundred_percent_takes_all_and_a_fixed_amount_above_the_total_no_more_than_all(as_sam, tenant):
    as_sam.post(HERE, data={**NEW, "percent": "100"})
    assert service.discount_of(_only(), Money(4990, "USD")) == Money(4990, "USD")

    as_sam.post(f"{HERE}/{_only().id}", data={**NEW, "kind": "fixed", "percent": "", "amount": "50000"})
    assert (_only().kind, _only().percent_hundredths, _only().amount_minor) == ("fixed", None, 5_000_000)
    assert service.discount_of(_only(), Money(4990, "USD")) == Money(4990, "USD")


@pytest.mark.parametrize("amount", ["0", "-1", "1.999", "1e309", "NaN", "1_000", "10000000000000000", ""])
def test_an_amount_that_is_none_is_refused(as_sam, tenant, amount):
    answer = as_sam.post(HERE, data={**NEW, "kind": "fixed", "amount": amount})

    assert answer.status_code == 422
    assert 'id="amount-error"' in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", "two words"), ("code", "ÄÖÜ"), ("code", "x" * 65), ("maximum_uses", "0"), ("maximum_uses", "-1"),
     ("maximum_per_customer", "1.5"), ("currency", "XYZ"), ("kind", "gift"), ("products", "nothing"), ("cycles", "daily"),
     ("valid_from", "yesterday"), ("valid_from", "0001-01-01T00:00"), ("valid_to", "9999-12-31T23:59")],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field(as_sam, tenant, field, value):
    answer = as_sam.post(HERE, data={**NEW, field: value})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert db.session().scalars(sa.select(PromoCode)).all() == []


def test_a_code_does_not_end_before_it_begins(as_sam, tenant):
    answer = as_sam.post(HERE, data={**NEW, "valid_from": "2026-12-02T00:00", "valid_to": "2026-12-01T00:00"})

    assert 'id="valid_to-error"' in answer.text


@pytest.mark.both_stores
def test_a_code_begins_and_ends_by_the_tenants_clock_to_the_second(as_sam, tenant, now):
    tenant.time_zone = "Pacific/Auckland"  # 13 hours before UTC in December
    product = make_product()
    as_sam.post(HERE, data={**NEW, "valid_from": "2026-12-01T00:00", "valid_to": "2026-12-02T00:00"})
    ends = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
    assert (_only().valid_from, _only().valid_to) == (ends - timedelta(days=1), ends)
    assert 'value="2026-12-02T00:00"' in as_sam.get(f"{HERE}/{_only().id}/edit").text

    now.move_to(ends - timedelta(seconds=1), tick=False)
    assert _find("SPRING-26", product).code == "Spring-26"
    now.move_to(ends, tick=False)
    with pytest.raises(Invalid) as over:
        _find("SPRING-26", product)
    assert over.value.code == "promo_code_over"


@pytest.mark.both_stores
def test_a_code_that_is_there_in_another_case_is_refused(as_sam, save):
    answer = as_sam.post(HERE, data={**NEW, "code": "save"})

    assert answer.status_code == 422
    assert "There is such a code already" in answer.text


def test_a_code_that_is_made_up_cannot_be_guessed(as_sam, tenant):
    as_sam.post(HERE, data={**NEW, "code": ""})

    assert re.fullmatch(r"[2-9A-HJ-NP-TV-Z]{4}(-[2-9A-HJ-NP-TV-Z]{4}){2}", _only().code)
    assert len({codes.made_up() for _ in range(1000)}) == 1000


def test_only_the_fields_of_the_form_can_be_set(as_sam, other_tenant, save):
    extra = {"uses": "5", "ended_at": "2020-01-01", "tenant_id": str(other_tenant.id), "id": str(new_id()),
             "code_key": "EVIL", "invoices": "99", "percent_hundredths": "9999", "created_at": "2020-01-01"}  # fmt: skip
    before = (save.id, save.tenant_id, save.created_at)

    as_sam.post(f"{HERE}/{save.id}", data={**NEW, **extra})

    assert (save.id, save.tenant_id, save.created_at) == before
    assert (save.code, save.code_key, save.uses, save.ended_at, save.invoices) == ("SAVE", "SAVE", 0, None, 1)
    assert save.percent_hundredths == 1250


@pytest.mark.both_stores
def test_the_limit_cannot_go_below_what_was_used(as_sam, plans, alice):
    make_promo_code("TWICE", maximum_uses=5)
    make_order(alice, promo_code="TWICE")
    make_order(alice, promo_code="TWICE")
    twice = db.session().scalars(sa.select(PromoCode).where(PromoCode.code == "TWICE")).one()

    refused = as_sam.post(f"{HERE}/{twice.id}", data={**NEW, "maximum_uses": "1"})
    taken = as_sam.post(f"{HERE}/{twice.id}", data={**NEW, "maximum_uses": "2"})

    assert (refused.status_code, taken.status_code) == (422, 303)
    assert "used 2 times already" in refused.text


@pytest.mark.both_stores
def test_who_has_used_it_is_listed_with_what_it_took_off(as_sam, plans, alice, bob, queries):
    save = make_promo_code("SAVE")
    make_order(alice, promo_code="SAVE")
    make_order(bob, promo_code="save")

    with queries(max=15):
        shown = as_sam.get(f"{HERE}/{save.id}").text

    assert f"/admin/customers/{alice.customer_id}" in shown
    assert f"/admin/customers/{bob.customer_id}" in shown
    assert shown.count("USD 9.98") == 2
    assert "2 of 2 uses" in shown


@pytest.mark.both_stores
def test_a_code_is_switched_off_and_on(as_sam, save):
    product = make_product()
    as_sam.post(f"{HERE}/{save.id}/ending")
    with pytest.raises(Invalid):
        _find("SAVE", product)

    as_sam.post(f"{HERE}/{save.id}/restoring")

    assert _find("SAVE", product).id == save.id
    told = db.session().scalars(sa.select(AuditLog.action).where(AuditLog.action.startswith("PROMO"))).all()
    assert sorted(told) == ["PROMO_CODE_ENDED", "PROMO_CODE_RESTORED"]


@pytest.mark.both_stores
def test_the_list_narrows_by_state_and_by_how_a_code_begins(as_sam, tenant, queries):
    hour = timedelta(hours=1)
    make_promo_code("WORKS")
    make_promo_code("COMES", valid_from=clock.now() + hour)
    make_promo_code("OVER", fixed=500, valid_to=clock.now() - hour)
    make_promo_code("USED", maximum_uses=1, uses=1)
    make_promo_code("OFF", ended_at=clock.now())

    with queries(max=15):
        assert len(_codes(as_sam.get(HERE).text)) == 5
    assert _codes(as_sam.get(f"{HERE}?state=working").text) == ["WORKS"]
    assert _codes(as_sam.get(f"{HERE}?state=coming").text) == ["COMES"]
    assert sorted(_codes(as_sam.get(f"{HERE}?state=over").text)) == ["OVER", "USED"]
    assert _codes(as_sam.get(f"{HERE}?state=off").text) == ["OFF"]
    assert _codes(as_sam.get(f"{HERE}?kind=fixed").text) == ["OVER"]
    assert sorted(_codes(as_sam.get(f"{HERE}?q=o").text)) == ["OFF", "OVER"]
    assert _codes(as_sam.get(f"{HERE}?sort=code").text) == ["COMES", "OFF", "OVER", "USED", "WORKS"]


def test_the_export_says_what_the_list_says(as_sam, save):
    answer = as_sam.post(f"{HERE}/export", data={"as": "csv"})

    head, line = csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))
    told = dict(zip(head, line, strict=True))
    assert (told["code"], told["percent"], told["state"], told["uses"]) == ("SAVE", "20.00", "Working", "0")


def _codes(text: str) -> list[str]:
    return re.findall(r'<a class="strong mono" href="[^"]*">([^<]*)</a>', text)
