"""`/admin/settings`: who the seller is, money and region, gateways."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.audit import retention
from app.features.audit import service as audit
from app.features.audit.models import AuditLog
from app.features.tenants import service, tasks
from app.kernel import clock, db
from app.kernel.access import Role
from tests.support.cast import make_staff

PAGES = ("", "/region", "/gateways", "/logs")
WRITES = (*PAGES, "/callback-secret")
REGION = {"currency": "EUR", "time_zone": "Europe/Berlin", "locale": "de", "number_prefix": "HL"}


@pytest.mark.parametrize("part", PAGES)
def test_strangers_customers_and_lesser_staff_see_no_settings(client, as_alice, sign_in, tenant, part):
    billing = sign_in(make_staff("bea@harbourline.example", "Bea", Role.BILLING))

    assert client.get(f"/admin/settings{part}").status_code in {302, 303, 401}
    assert as_alice.get(f"/admin/settings{part}").status_code == 403
    assert billing.get(f"/admin/settings{part}").status_code == 403


@pytest.mark.parametrize("part", WRITES)
def test_nobody_but_admins_changes_settings(client, as_alice, sign_in, tenant, part):
    billing = sign_in(make_staff("bea@harbourline.example", "Bea", Role.BILLING))
    before = service.callback_secret()

    sent = {"legal_name": "Evil", **REGION}
    assert client.post(f"/admin/settings{part}", data=sent).status_code in {303, 401, 403}
    for asked in (as_alice, billing):
        assert asked.post(f"/admin/settings{part}", data=sent).status_code == 403

    assert (tenant.legal_name, tenant.currency, service.callback_secret()) == ("", "USD", before)


@pytest.mark.parametrize("part", PAGES)
def test_a_page_of_settings_asks_the_store_little(as_sam, queries, part):
    with queries(max=15):
        assert as_sam.get(f"/admin/settings{part}").status_code == 200


@pytest.mark.both_stores
def test_the_company_is_changed_and_both_states_are_logged(as_sam, tenant):
    answer = as_sam.post(
        "/admin/settings",
        data={"legal_name": " Harbourline  Ltd ", "address": "12 Quay Street\r\nBristol", "tax_number": "GB123"},
    )

    assert (answer.status_code, answer.location) == (303, "/admin/settings")
    assert (tenant.legal_name, tenant.address, tenant.tax_number) == (
        "Harbourline Ltd",
        "12 Quay Street\nBristol",
        "GB123",
    )
    logged = _logged()
    assert (logged.state_before, logged.state_after) == ({"legal_name": ""}, {"legal_name": "Harbourline Ltd"})
    assert audit.personal_part(logged)["after"] == {"address": "12 Quay Street\nBristol", "tax_number": "GB123"}


def test_what_is_saved_unchanged_is_not_logged(as_sam, tenant):
    as_sam.post("/admin/settings", data={"legal_name": "", "address": "", "tax_number": ""})

    assert _logged() is None


def test_only_the_settings_of_the_form_can_be_changed(as_sam, tenant):
    extra = {"is_operator": "", "slug": "evil", "domain": "evil.example", "currency": "JPY", "id": "1", "name": "Evil",
             "suspended_at": "2020-01-01", "smtp_url_sealed": "x", "callback_secret_sealed": "x", "tenant_id": "1"}  # fmt: skip

    as_sam.post("/admin/settings", data={"legal_name": "Mine", "address": "", "tax_number": "", **extra})

    assert (tenant.legal_name, tenant.slug, tenant.name, tenant.currency) == ("Mine", "operator", "Harbourline", "USD")
    assert (tenant.domain, tenant.suspended_at, tenant.smtp_url_sealed) == (None, None, None)
    assert tenant.is_operator


def test_no_setting_of_another_tenant_is_touched(as_sam, other_tenant):
    as_sam.post("/admin/settings/region", data=REGION)

    assert (other_tenant.currency, other_tenant.number_prefix) == ("USD", "MP")


def test_money_and_region_are_changed(as_sam, tenant):
    assert as_sam.post("/admin/settings/region", data=REGION).status_code == 303

    assert {name: getattr(tenant, name) for name in REGION} == REGION


def test_who_changes_the_time_zone_is_told_what_the_figures_need(as_sam):
    assert "mpanel figures rebuild" in as_sam.get("/admin/settings/region").text


def test_staff_see_amounts_in_the_format_of_the_house(as_sam, tenant):
    assert "$0.00" in as_sam.get("/admin").text

    as_sam.post("/admin/settings/region", data={**REGION, "currency": "USD"})

    assert "0,00\xa0$" in as_sam.get("/admin").text


@pytest.mark.parametrize(
    ("field", "value"),
    [("currency", "XYZ"), ("time_zone", "Mars/Olympus"), ("locale", "../../etc"), ("number_prefix", "a b"),
     ("number_prefix", ""), ("number_prefix", "TOOLONGPREFIX"), ("number_prefix", "ＡＢ")],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field(as_sam, tenant, field, value):
    answer = as_sam.post("/admin/settings/region", data={**REGION, field: value})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert (tenant.currency, tenant.number_prefix) == ("USD", "MP")


def test_bank_transfer_needs_to_say_where_the_money_goes(as_sam, tenant):
    refused = as_sam.post("/admin/settings/gateways", data={"bank_enabled": "y", "bank_details": "  "})

    assert refused.status_code == 422
    assert 'id="bank_details-error"' in refused.text
    assert not service.current().bank_enabled


@pytest.mark.both_stores
def test_gateways_are_switched(as_sam, tenant):
    as_sam.post(
        "/admin/settings/gateways", data={"bank_enabled": "y", "bank_details": "IBAN DE1", "sandbox_enabled": "y"}
    )
    assert (tenant.bank_enabled, tenant.bank_details, tenant.sandbox_enabled) == (True, "IBAN DE1", True)

    as_sam.post("/admin/settings/gateways", data={"bank_details": "IBAN DE1"})
    assert (tenant.bank_enabled, tenant.sandbox_enabled) == (False, False)


def test_words_that_turn_the_text_around_do_not_reach_an_invoice(as_sam, tenant):
    as_sam.post("/admin/settings", data={"legal_name": "Acme\u202eLtd", "address": "a\x07b", "tax_number": ""})

    assert (tenant.legal_name, tenant.address) == ("Acme Ltd", "a b")


def test_the_callbacks_secret_is_shown_once_and_nowhere_kept_in_plain(as_sam, tenant):
    before = service.callback_secret()

    answer = as_sam.post("/admin/settings/callback-secret")

    secret = service.callback_secret()
    assert secret != before
    assert answer.status_code == 201
    assert secret in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    assert secret not in as_sam.get("/admin/settings/gateways").text
    assert "http://127.0.0.1:2271/api/v1/billing/webhooks/generic" in as_sam.get("/admin/settings/gateways").text
    logged = _logged()
    assert secret not in f"{logged.state_before}{logged.state_after}{audit.personal_part(logged)}"
    assert set(logged.state_after) == {"callback_secret", "callback_secret_sealed"}
    assert logged.state_after["callback_secret_sealed"] == logged.state_after["callback_secret"] == "[masked]"


def _logged() -> AuditLog | None:
    return db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "SETTINGS_CHANGED")).one_or_none()


def test_how_long_logs_are_kept_is_said_and_old_segments_go_each_night(as_sam, tenant, now, monkeypatch):
    here = "/admin/settings/logs"
    assert "For ever" in as_sam.get(here).text
    assert as_sam.post(here, data={"audit_kept_years": "2", "api_log_kept_days": "30"}).status_code == 303
    assert (tenant.audit_kept_years, tenant.api_log_kept_days) == (2, 30)
    assert _logged().state_after == {"audit_kept_years": 2, "api_log_kept_days": 30}
    asked: list[object] = []
    monkeypatch.setattr(retention, "release", asked.append)

    tasks.release_audit()

    assert asked == [clock.now() - timedelta(days=732)]
    assert as_sam.post(here, data={"audit_kept_years": "", "api_log_kept_days": "30"}).status_code == 303
    assert tenant.audit_kept_years is None
    for bad in ({"audit_kept_years": "4"}, {"api_log_kept_days": "3"}, {"api_log_kept_days": "x"}):
        assert as_sam.post(here, data={"audit_kept_years": "", "api_log_kept_days": "30"} | bad).status_code == 422
