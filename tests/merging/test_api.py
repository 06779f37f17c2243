"""`/api/v1/customers/{id}/merge`."""

import pytest
import sqlalchemy as sa

from app.features.accounts.models import CustomerAlias
from app.features.webhooks import topics
from app.kernel import db
from app.kernel.access import Role
from tests.accounts.factories import make_colleague
from tests.merging.factories import fill, make_old


@pytest.fixture
def ann(tenant):
    """OWNER of Oldname, which goes into Alice's account."""
    return make_old()


@pytest.mark.both_stores
def test_a_program_of_the_staff_looks_first_and_merges(plans, as_sam, ann, alice, sam):
    fill(ann, sam)
    old_id, kept_id = str(ann.customer_id), str(alice.customer_id)
    at = f"/api/v1/customers/{old_id}/merge"

    seen = as_sam.get(f"{at}?kept_id={kept_id}").json
    parts = {(part["kind"], part["moves"]): part["count"] for part in seen["parts"]}
    assert parts["users", True] == 2 and parts["invoices", False] == 1 and parts["payments", False] == 1
    assert (seen["credit_minor"], seen["currency"], seen["obstacles"]) == (250, "USD", [])
    answer = as_sam.post(at, json={"kept_id": kept_id})

    assert answer.status_code == 200 and answer.json["id"] == kept_id
    again = as_sam.post(at, json={"kept_id": kept_id})
    assert again.status_code == 409 and again.json["code"] == "merged" and kept_id in again.json["detail"]
    assert as_sam.get(f"/api/v1/customers/{old_id}").json["code"] == "merged"
    assert as_sam.patch(f"/api/v1/customers/{old_id}", json={"city": "X"}).status_code == 409
    assert [one["id"] for one in as_sam.get("/api/v1/customers").json["items"]] == [kept_id]


def test_strangers_colleagues_without_the_role_and_other_tenants_merge_nothing(
    as_alice, as_charlie, as_sam, sign_in, ann, alice, charlie
):
    at, body = f"/api/v1/customers/{ann.customer_id}/merge", {"kept_id": str(alice.customer_id)}

    assert as_alice.post(at, json=body).status_code == 403
    assert as_charlie.post(at, json=body).status_code == 403
    assert sign_in(make_colleague(Role.BILLING)).post(at, json=body).status_code == 403
    assert as_sam.post(at, json={"kept_id": str(charlie.customer_id)}).status_code == 404
    assert as_sam.post(f"/api/v1/customers/{charlie.customer_id}/merge", json=body).status_code == 404
    assert as_sam.post(at, json={}).status_code == 422
    assert db.session().scalars(sa.select(CustomerAlias)).all() == []


def test_endpoints_can_ask_for_the_event():
    assert "customer.merged" in topics.offered()
    assert '"mergedName": "Brightside Bakery Ltd"' in topics.example("customer.merged")
