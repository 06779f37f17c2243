"""Which brand a host name opens."""

from datetime import timedelta

import pytest

from app.config import current
from app.features.tenants import service, specimen
from app.kernel import clock, db, tenancy
from app.kernel.errors import Conflict, Invalid

OTHER_HOST = "portal.tern.example"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "LOCALHOST"])
def test_this_machines_own_names_open_the_operators_house(tenant, other_tenant, host):
    assert service.find_by_host(host).id == tenant.id


@pytest.mark.parametrize(
    "host", ["", "evil.example", "tern", "x" * 4000, "a.portal.tern.example", "portal.tern.example.evil.example"]
)
def test_a_name_that_nobody_verified_opens_nothing(tenant, other_tenant, host):
    assert service.find_by_host(host) is None


def test_a_verified_domain_opens_its_tenants_house(tenant, other_tenant):
    assert service.find_by_host(OTHER_HOST).id == other_tenant.id
    assert service.find_by_host(OTHER_HOST.upper()).id == other_tenant.id


def test_a_domain_serves_nothing_before_it_is_verified(tenant):
    with tenancy.across_tenants("operator"):
        service.create("Quay", slug="quay", domain="portal.quay.example")
    assert service.find_by_host("portal.quay.example") is None


def test_links_go_to_the_tenants_own_address_never_to_a_stranger(tenant, other_tenant):
    assert service.base_url(tenant) == current().app_url
    assert service.base_url(other_tenant) == f"http://{OTHER_HOST}:2271"
    other_tenant.domain_verified_at = None
    assert service.base_url(other_tenant) == current().app_url


def test_a_suspended_tenant_is_seen_within_thirty_seconds(tenant, other_tenant, now):
    assert not service.find_by_host(OTHER_HOST).is_suspended
    other_tenant.suspended_at = clock.now()
    db.session().flush()
    now.shift(timedelta(seconds=service.REMEMBERED_SECONDS + 1))
    assert service.find_by_host(OTHER_HOST).is_suspended


def test_what_is_remembered_stays_bounded(tenant, monkeypatch):
    monkeypatch.setattr(service, "MOST_REMEMBERED", 10)
    for number in range(50):
        service.find_by_host(f"host{number}.example")
    assert len(service._remembered) <= 11


def test_there_is_one_operator_and_each_slug_once(tenant):
    with tenancy.across_tenants("operator"):
        specimen.make()
        with pytest.raises(Conflict):
            specimen.make()
        with pytest.raises(Conflict):
            service.create("Second", slug="second", is_operator=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [("currency", "XYZW"), ("time_zone", "Mars/Olympus"), ("locale", "klingon"), ("number_prefix", "a-b"), ("slug", "A B"),
     ("domain", "localhost"), ("domain", "http://x.example")],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_by_name(tenant, field, value):
    with tenancy.across_tenants("operator"), pytest.raises(Invalid) as refused:
        service.create("Quay", **{"slug": "quay", field: value})
    assert set(refused.value.fields) == {field}


@pytest.mark.both_stores
def test_the_callback_secret_is_made_with_the_house_kept_sealed_and_replaced_on_request(tenant, unit):
    first = service.callback_secret()

    assert first.startswith("whsec_") and service.callback_secret() == first
    assert first.encode() not in tenant.callback_secret_sealed
    assert service.rotate_callback_secret() != first
    assert service.callback_secret() != first


def test_a_house_from_before_callbacks_gets_its_secret_when_first_asked(tenant, unit):
    tenant.callback_secret_sealed = None
    unit.flush()

    assert service.callback_secret() == service.callback_secret()


def test_each_tenant_has_a_callback_secret_of_its_own(tenant, other_tenant):
    own = service.callback_secret()
    with tenancy.as_tenant(other_tenant.id):
        assert service.callback_secret() != own


@pytest.mark.both_stores
def test_settings_are_changed_and_seen_at_once(tenant, unit):
    assert not service.current().bank_enabled

    service.change(bank_enabled=True, bank_details="IBAN DE00", departments={"sales": "sales@quay.example", "info": ""})

    assert service.current().bank_enabled
    assert service.current().departments == {"sales": "sales@quay.example"}
