"""The brand as browsers get it, and how it changes."""

import pytest
import time_machine

from app.features.audit.models import AuditLog
from app.features.branding import service, specimen
from app.features.tenants.models import Tenant
from app.kernel import db, tenancy
from app.kernel.errors import Invalid
from tests.support.clients import PanelClient


def test_the_stylesheet_is_cached_for_ever_at_an_address_with_its_hash(tenant: Tenant, client: PanelClient) -> None:
    service.install_defaults(tenant)

    answer = client.get(service.brand().stylesheet)

    assert answer.status_code == 200
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
    assert "--brand-primary: #2456d6;" in answer.text


@pytest.mark.parametrize("name", ["0" * 20, "x", "%00", "..%2fcss%2ftheme"])
def test_a_hash_that_is_not_its_own_is_not_found(tenant: Tenant, client: PanelClient, name: str) -> None:
    assert client.get(f"/brand/{name}.css").status_code == 404


def test_the_stylesheet_of_a_foreign_brand_is_not_found_here(
    tenant: Tenant, other_tenant: Tenant, client: PanelClient
) -> None:
    service.install_defaults(tenant)
    with tenancy.as_tenant(other_tenant.id):
        foreign = specimen.make(other_tenant)
        address = service.brand().stylesheet

    assert foreign.tenant_id == other_tenant.id
    assert client.get(address).status_code == 404


def test_a_tenant_without_a_brand_shows_its_name_in_the_colours_of_the_house(
    tenant: Tenant, client: PanelClient
) -> None:
    brand = service.brand()

    assert brand.name == "Harbourline"
    assert client.get(brand.stylesheet).status_code == 200


def test_a_change_shows_at_once_and_is_logged(tenant: Tenant, client: PanelClient) -> None:
    row = service.install_defaults(tenant)
    before = service.brand()

    with db.transaction():
        service.change(db.session().merge(row), primary="#f2b01e", company_name="Tern")

    after = service.brand()
    assert (after.name, after.colours.on_primary) == ("Tern", "#14171f")
    assert after.stylesheet != before.stylesheet
    assert client.get(before.stylesheet).status_code == 404
    logged = db.session().query(AuditLog).filter_by(action="BRANDING_UPDATED").one()
    assert logged.state_after == {"primary": "#f2b01e"}


def test_a_change_by_another_process_is_seen_within_seconds(tenant: Tenant, now: time_machine.Traveller) -> None:
    row = service.install_defaults(tenant)
    service.brand()
    now.shift(1)
    with db.transaction():
        service.change(db.session().merge(row), company_name="Tern")
        db.session().info["after_commit"].clear()  # as when it happened elsewhere
    assert service.brand().name == "Harbourline"

    now.shift(service.FRESH_SECONDS)

    assert service.brand().name == "Tern"


def test_two_tenants_have_two_brands(tenant: Tenant, other_tenant: Tenant) -> None:
    service.install_defaults(tenant)
    with tenancy.as_tenant(other_tenant.id):
        service.install_defaults(other_tenant, primary="#f2b01e")
        assert service.brand().name == "Tern"

    assert service.brand().name == "Harbourline"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("terms_url", "javascript:alert(1)"),
        ("privacy_url", "data:text/html,x"),
        ("terms_url", "https://"),
        ("company_name", "  "),
        ("company_name", "x" * 81),
        ("primary", "red;}body{display:none}"),
    ],
)
def test_what_a_brand_cannot_be_is_refused_by_field(tenant: Tenant, field: str, text: str) -> None:
    row = service.install_defaults(tenant)

    with pytest.raises(Invalid) as refusal:
        service.change(row, **{field: text})

    assert list(refusal.value.fields) == [field]


def test_a_name_cannot_turn_the_words_around_it_or_begin_a_line(tenant: Tenant) -> None:
    row = service.install_defaults(tenant)

    service.change(row, company_name="Tern\u202e\r\nBcc: all@example.com")

    assert row.company_name == "Tern   Bcc: all@example.com"
