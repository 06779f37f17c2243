"""`/api/v1/customers` and `/api/v1/account`: who may, and whose."""

from app.features.accounts import notes
from app.features.accounts.models import Customer
from app.kernel import db
from tests.support.cast import principal_of

API = "/api/v1/customers"


def test_strangers_get_nothing(client, as_alice, as_sam, as_charlie, alice, bob, charlie, sam):
    note = notes.write(db.session().get_one(Customer, alice.customer_id), "Hm.", who=principal_of(sam))
    mine = f"{API}/{alice.customer_id}"
    for address in (API, mine, f"{mine}/notes"):
        assert client.get(address).status_code == 401
        assert as_alice.get(address).status_code == 403
    assert client.get("/api/v1/account").status_code == 401
    assert as_sam.get("/api/v1/account").status_code == 403
    assert as_charlie.get("/api/v1/account").get_json()["id"] == str(charlie.customer_id)
    foreign = f"{API}/{charlie.customer_id}"
    assert as_sam.get(foreign).status_code == 404
    assert as_sam.patch(foreign, json={"city": "Bath"}).status_code == 404
    assert as_sam.post(f"{foreign}/notes", json={"text": "x"}).status_code == 404
    assert as_sam.delete(f"{API}/{bob.customer_id}/notes/{note.id}").status_code == 404
    assert as_sam.patch(mine, json={"city": "Bath"}, csrf=False).status_code == 403
