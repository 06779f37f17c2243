"""`/admin/api-keys`: making, seeing and revoking keys on pages."""

import re

import pytest
import sqlalchemy as sa

from app.features.accounts import members
from app.features.api_keys import service
from app.features.api_keys.activity import note_use
from app.features.api_keys.models import ApiKey
from app.kernel import buffer, db, tenancy
from app.kernel.access import Role
from tests.accounts.factories import make_colleague
from tests.api_keys.factories import make_key
from tests.support.cast import principal_of

HERE = "/admin/api-keys"


def test_the_first_visit_says_what_keys_are_for(as_sam):
    answer = as_sam.get(HERE)

    assert answer.status_code == 200
    assert "Make the first key" in answer.text


def test_a_new_key_is_shown_once_and_works(as_sam):
    assert as_sam.get(f"{HERE}/new").status_code == 200

    answer = as_sam.post(HERE, data={"name": "Site", "scopes": ["marketing"], "expires": "90"})

    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r"mk_[\w-]{43}", answer.text)
    assert found is not None
    assert service.resolve(found[0]) is not None
    key = db.session().scalars(sa.select(ApiKey)).one()
    assert found[0] not in as_sam.get(HERE).text + as_sam.get(f"{HERE}/{key.id}").text


def test_only_what_opens_something_is_offered(as_sam):
    text = as_sam.get(f"{HERE}/new").text

    assert 'value="marketing"' in text
    assert 'value="webhook"' in text
    assert 'value="admin"' not in text


def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(as_sam):
    answer = as_sam.post(HERE, data={"name": "", "scopes": ["marketing"], "expires": "90"})

    assert answer.status_code == 422
    assert "Give the key a name." in answer.text
    assert '<option selected value="90">' in answer.text
    assert as_sam.post(HERE, data={"name": "a", "scopes": [], "expires": ""}).status_code == 422
    assert as_sam.post(HERE, data={"name": "a", "scopes": ["root"], "expires": ""}).status_code == 422
    assert as_sam.post(HERE, data={"name": "a", "scopes": ["marketing"], "expires": "7"}).status_code == 422
    assert as_sam.post(HERE, data={"name": "a\x00", "scopes": ["marketing"], "expires": ""}).status_code == 422
    assert service.count() == 0


def test_a_key_is_revoked_from_its_page(as_sam):
    key, secret = make_key("Old site")
    assert "Revoke Old site?" in as_sam.get(f"{HERE}/{key.id}").text

    answer = as_sam.post(f"{HERE}/{key.id}/revocation")

    assert (answer.status_code, answer.location) == (303, f"{HERE}/{key.id}")
    assert service.resolve(secret) is None
    shown = as_sam.get(f"{HERE}/{key.id}").text
    assert "Old site opens nothing any more." in shown
    assert "Revoke Old site?" not in shown


def test_the_list_is_searched_filtered_and_paged(as_sam):
    for number in range(51):
        make_key(f"Key {number:02}")
    gone, _ = make_key("Gone")
    service.revoke(gone)

    assert "Gone" in as_sam.get(HERE).text
    assert "Gone" not in as_sam.get(f"{HERE}?state=working").text
    assert "Key 07" not in as_sam.get(f"{HERE}?state=ended").text
    assert "Key 07" in as_sam.get(f"{HERE}?q=key+07").text
    assert "Nothing matches" in as_sam.get(f"{HERE}?q=100%25").text
    first = as_sam.get(f"{HERE}?state=working").text
    onward = re.search(r'href="(/admin/api-keys\?[^"]*cursor=[^"]+)" rel="next"', first)
    assert onward is not None
    assert "Key 00" in as_sam.get(onward[1].replace("&amp;", "&")).text
    assert as_sam.get(f"{HERE}?cursor=x").status_code == 400


def test_a_filter_alone_draws_the_rows_alone(as_sam):
    make_key("Site")

    answer = as_sam.get(f"{HERE}?q=Site", headers={"HX-Request": "true", "HX-Target": "rows"})

    assert "Site" in answer.text
    assert "<html" not in answer.text


def test_a_keys_page_shows_its_calls(as_sam, queries):
    key, _ = make_key("Site")
    for number in range(30):
        note_use(
            key_id=key.id, tenant_id=key.tenant_id, method="GET", route=f"/api/{number}", status=200, milliseconds=3,
            address="192.0.2.1", user_agent="<script>",
        )  # fmt: skip
    buffer.flush()

    with queries(max=15):
        text = as_sam.get(f"{HERE}/{key.id}").text

    assert text.count("192.0.2.1") == 25
    assert "<script>" not in text.partition("<body")[2]


def test_a_names_words_are_only_words(as_sam):
    make_key("<b>Site</b>{{ 7 * 7 }}")

    text = as_sam.get(HERE).text

    assert "<b>Site" not in text
    assert "{{ 7 * 7 }}" in text


def test_strangers_find_nothing(as_alice, client, as_sam, other_tenant):
    key, _ = make_key()
    with tenancy.as_tenant(other_tenant.id):
        theirs, _ = make_key()
        db.session().flush()
    for path in (HERE, f"{HERE}/new", f"{HERE}/{key.id}"):
        assert as_alice.get(path).status_code in {403, 404}
        assert client.get(path).status_code == 303
    assert as_alice.post(HERE, data={"name": "a", "scopes": ["admin"]}).status_code in {403, 404}
    assert as_alice.post(f"{HERE}/{key.id}/revocation").status_code in {403, 404}
    assert as_sam.get(f"{HERE}/{theirs.id}").status_code == 404
    assert as_sam.post(f"{HERE}/{theirs.id}/revocation").status_code == 404
    assert key.revoked_at is None


def test_a_key_for_a_site_that_collects_payments_says_so(as_sam):
    as_sam.post(HERE, data={"name": "Site", "scopes": ["marketing"], "expires": "", "collected": "y"})

    key = db.session().scalars(sa.select(ApiKey)).one()
    assert key.payments == "collected"
    assert "Collected by the site" in as_sam.get(f"{HERE}/{key.id}").text


def test_a_key_that_nobody_answers_for_says_so_and_is_taken_over(as_sam, as_olive, sam, olive):
    made = as_sam.post(HERE, data={"name": "Reports", "scopes": ["marketing", "webhook"], "expires": ""})
    assert made.status_code == 201, made.text
    key = db.session().scalars(sa.select(ApiKey)).one()
    assert "Nobody answers" not in as_olive.get(f"{HERE}/{key.id}").text
    members.deactivate(principal_of(olive), sam)

    page = as_olive.get(f"{HERE}/{key.id}").text
    assert "Nobody answers" in page and "subscribe to events" in page
    assert as_olive.post(f"{HERE}/{key.id}/adoption").location == f"{HERE}/{key.id}"
    assert key.created_by == olive.id
    assert "Nobody answers" not in as_olive.get(f"{HERE}/{key.id}").text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING])
@pytest.mark.parametrize("scope", ["marketing", "admin", "webhook"])
def test_below_admin_nobody_makes_a_key_or_takes_one_over(sign_in, tenant, role, scope):
    """PROMISES, case 48."""
    key, _ = make_key()
    browser = sign_in(make_colleague(role))
    made = db.session().scalar(sa.select(sa.func.count(ApiKey.id)))
    assert browser.post(HERE, data={"name": "Mine", "scopes": [scope], "expires": ""}).status_code == 403
    assert (
        browser.post("/api/marketing-api/admin/api-keys", json={"name": "Mine", "scopes": [scope]}).status_code == 403
    )
    assert browser.post(f"{HERE}/{key.id}/adoption").status_code == 403
    assert db.session().scalar(sa.select(sa.func.count(ApiKey.id))) == made
    assert key.created_by is None
