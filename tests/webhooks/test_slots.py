"""What webhooks hand to the pages of the top storey."""

from app.features.tenants.models import Tenant
from app.features.webhooks import service, slots
from app.kernel.access import Role
from tests.webhooks.factories import make_webhook


def test_the_search_finds_endpoints_by_a_part_of_their_name_for_those_who_may_see_them(tenant: Tenant) -> None:
    shop, _secret = make_webhook(name="Shop 100 %")
    make_webhook(name="Books")
    gone, _secret = make_webhook(name="Old shop")
    service.delete(gone)

    (hit,) = slots.search("shop", role=Role.ADMIN)

    assert (hit.label, hit.href, hit.detail) == ("Shop 100 %", f"/admin/integrations/webhooks/{shop.id}", "on")
    assert len(slots.search("%", role=Role.ADMIN)) == 1
    assert slots.search("shop", role=Role.BILLING) == []
    assert slots.search("  ", role=Role.OWNER) == []


def test_health_of_a_house_without_endpoints(tenant: Tenant) -> None:
    found = slots.health()

    assert (found.endpoints, found.disabled, found.failed_day, found.waiting, found.oldest) == (0, 0, 0, 0, None)
