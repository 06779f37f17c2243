"""What is on sale, for how much, and which codes make it cheaper."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.catalogue import service
from app.features.catalogue.models import PromoCode, PromoCodeUsage
from app.features.catalogue.views import VIEWS
from app.kernel import clock, db, tenancy
from app.kernel.errors import Invalid, NotFound
from app.kernel.money import Money
from tests.catalogue.factories import make_price, make_product, make_promo_code
from tests.orders.factories import customer_of

FIFTY = Money(5000, "USD")


def redeem(code, customer, product, *, cycle="oneYear", subtotal=FIFTY):
    return service.redeem(code, customer_id=customer.id, product=product, cycle=cycle, subtotal=subtotal)


def problem_of(call, *args, **kwargs):
    with pytest.raises(Invalid) as refused:
        call(*args, **kwargs)
    return refused.value.fields


@pytest.mark.parametrize(
    ("slug", "month"),
    [
        ("shared-starter", 499),
        ("shared-business", 999),
        ("shared-professional", 1999),
        ("shared-enterprise", 4999),
    ],
)
def test_a_fresh_installation_sells_the_four_plans(plans, slug, month):
    product = service.find_sellable(slug)

    prices = {cycle: service.price_of(product, cycle, "USD").amount_minor for cycle in list(service.CYCLES)[:-1]}
    assert prices == {
        "monthly": month,
        "quarterly": 3 * month,
        "semiAnnual": 6 * month,
        "oneYear": 10 * month,
        "twoYears": 19 * month,
        "threeYears": 27 * month,
    }


def test_starter_is_what_the_requirement_says(plans):
    starter = service.find_sellable("shared-starter")

    assert (starter.websites, starter.storage_gb, starter.bandwidth_gb, starter.mailboxes) == (1, 10, -1, 5)
    assert {"Free SSL", "Daily backups"} <= set(starter.features)
    assert service.find_sellable("shared-business").featured


def test_installing_the_defaults_again_changes_nothing(plans):
    service.find_sellable("shared-starter").name = "First steps"

    service.install_defaults()

    offers = service.catalog("shared-hosting")
    assert [offer.product.name for offer in offers] == ["First steps", "Business", "Professional", "Enterprise"]
    assert db.session().scalar(sa.select(sa.func.count()).select_from(PromoCode)) == 1


def test_the_catalogue_takes_two_queries(plans, queries):
    with queries(max=2):
        offers = service.catalog()

    assert [offer.price("monthly").amount_minor for offer in offers] == [499, 999, 1999, 4999]


def test_a_plan_is_found_by_slug_and_by_id(plans):
    product = service.find_sellable("shared-starter")

    assert service.find_sellable(str(product.id)) is product


@pytest.mark.parametrize("plan", ["", "shared-unknown", "SHARED-STARTER", "a\x00b", "\ud800", "' OR 1=1 --"])
def test_an_unknown_plan_names_its_field(plans, plan):
    assert list(problem_of(service.find_sellable, plan)) == ["planId"]


def test_what_is_not_offered_cannot_be_ordered(tenant):
    make_product("quiet", active=False)
    make_product("gone", archived_at=clock.now())

    assert list(problem_of(service.find_sellable, "quiet")) == ["planId"]
    assert list(problem_of(service.find_sellable, "gone")) == ["planId"]
    assert not service.availability("quiet").is_available
    with pytest.raises(NotFound):
        service.availability("gone")


@pytest.mark.parametrize(
    ("cycle", "currency"), [("weekly", "USD"), ("oneTime", "USD"), ("monthly", "EUR"), ("", "USD")]
)
def test_an_unknown_cycle_names_its_field(plans, cycle, currency):
    product = service.find_sellable("shared-starter")

    assert list(problem_of(service.price_of, product, cycle, currency)) == ["billingCycle"]


def test_stock_runs_out(tenant):
    product = make_product(stock=2)

    service.take_stock(product)
    service.take_stock(product)

    assert service.availability(product.slug).stock == 0
    assert not service.availability(product.slug).is_available
    with pytest.raises(service.SoldOut) as refused:
        service.take_stock(product)
    assert refused.value.status == 409
    assert list(refused.value.fields) == ["planId"]


def test_welcome20_takes_a_fifth_off(plans, alice):
    used = redeem("WELCOME20", customer_of(alice), service.find_sellable("shared-starter"), subtotal=Money(4990, "USD"))

    assert used.discount == Money(998, "USD")
    assert used.reason == "WELCOME20, 20 %"


@pytest.mark.parametrize("typed", ["welcome20", "  Welcome20 ", "WELCOME20\n"])
def test_letter_case_and_blanks_of_a_code_make_no_difference(plans, alice, typed):
    assert redeem(typed, customer_of(alice), service.find_sellable("shared-starter")).discount.minor == 1000


@pytest.mark.parametrize("typed", ["WELCOME 20", "WELCOME2O", "%", "x" * 10_000, "a\x00b", "\ud800"])
def test_an_unknown_code_names_its_field(plans, alice, typed):
    problem = problem_of(redeem, typed, customer_of(alice), service.find_sellable("shared-starter"))

    assert list(problem) == ["promoCode"]


def test_a_fixed_amount_never_takes_more_than_there_is(tenant, alice):
    make_promo_code("BIG", fixed=9000)

    assert redeem("BIG", customer_of(alice), make_product()).discount == FIFTY


def test_a_fixed_amount_is_for_its_own_currency(tenant, alice):
    make_promo_code("BIG", fixed=500)

    problem = problem_of(redeem, "BIG", customer_of(alice), make_product(), subtotal=Money(5000, "EUR"))
    assert "USD" in problem["promoCode"]


@pytest.mark.parametrize("percent", [0, 101, -5])
def test_the_database_refuses_a_senseless_percentage(tenant, percent):
    with pytest.raises(sa.exc.IntegrityError), db.session().begin_nested():
        make_promo_code(percent=percent)


def test_a_code_works_until_the_very_moment_it_ends(tenant, alice, now):
    ends = clock.now() + timedelta(hours=1)
    make_promo_code(valid_from=clock.now(), valid_to=ends, maximum_per_customer=None)
    product, customer = make_product(), customer_of(alice)

    now.move_to(ends - timedelta(seconds=1), tick=False)
    redeem("SAVE", customer, product)
    now.move_to(ends, tick=False)
    assert "run out" in problem_of(redeem, "SAVE", customer, product)["promoCode"]
    now.move_to(ends - timedelta(hours=1, seconds=1), tick=False)
    assert "yet" in problem_of(redeem, "SAVE", customer, product)["promoCode"]


def test_a_code_is_for_its_products_and_cycles_only(tenant, alice):
    make_promo_code(product_slugs=["starter"], cycles=["oneYear"])
    customer = customer_of(alice)
    starter, other = make_product("starter"), make_product("other")

    assert "Other" in problem_of(redeem, "SAVE", customer, other)["promoCode"]
    assert "cycle" in problem_of(redeem, "SAVE", customer, starter, cycle="monthly")["promoCode"]
    assert redeem("SAVE", customer, starter).discount.minor == 1000


def test_a_code_is_used_up_for_one_customer_and_still_there_for_the_next(tenant, alice, bob):
    code = make_promo_code(maximum_per_customer=2)
    product = make_product()

    redeem("SAVE", customer_of(alice), product)
    redeem("SAVE", customer_of(alice), product)
    assert "already" in problem_of(redeem, "SAVE", customer_of(alice), product)["promoCode"]
    redeem("SAVE", customer_of(bob), product)

    db.session().refresh(code)
    assert code.uses == 3
    assert db.session().scalar(sa.select(sa.func.count()).select_from(PromoCodeUsage)) == 3


def test_a_refused_use_that_somebody_catches_is_not_counted(tenant, alice):
    code = make_promo_code(maximum_uses=10, maximum_per_customer=1)
    product = make_product()
    redeem("SAVE", customer_of(alice), product)

    problem_of(redeem, "SAVE", customer_of(alice), product)

    db.session().refresh(code)
    assert code.uses == 1


def test_another_tenants_code_and_plan_do_not_exist_here(plans, other_tenant, charlie):
    with tenancy.as_tenant(other_tenant.id):
        product = make_product("elsewhere")
        make_price(product)

    assert list(problem_of(service.find_sellable, "elsewhere")) == ["planId"]
    assert list(problem_of(service.find_sellable, str(product.id))) == ["planId"]
    with tenancy.as_tenant(other_tenant.id):
        assert list(problem_of(redeem, "WELCOME20", customer_of(charlie), product)) == ["promoCode"]


@pytest.mark.both_stores
def test_the_view_hosting_plans_shows_the_plans_with_their_monthly_price(plans, store):
    connection = db.session().connection()
    for statement in VIEWS[store]:
        connection.exec_driver_sql(statement)

    rows = connection.exec_driver_sql("SELECT slug, price_minor, billing_cycle FROM hosting_plans ORDER BY price_minor")
    assert tuple(rows.first()) == ("shared-starter", 499, "monthly")
