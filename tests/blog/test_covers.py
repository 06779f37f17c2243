"""The cover of a post: shown above it, in lists and to previews, and kept for as long as it is."""

import io
import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.blog import service
from app.features.blog.models import Post
from app.features.files import service as files
from app.features.files.models import StoredFile
from app.kernel import db, tenancy
from tests.blog.factories import make_post
from tests.files.factories import make_file, picture
from tests.support.cast import principal_of

HERE = "/admin/blog"
SITE = "http://127.0.0.1:2271"
NEW = {"title": "A second data centre", "body": "In Bristol.", "category": "News", "tags": ""}


def _kept() -> list[StoredFile]:
    return list(db.session().scalars(sa.select(StoredFile)))


def test_a_picture_that_is_sent_with_a_post_is_its_cover(as_sam, client):
    sent = {**NEW, "cover": (io.BytesIO(picture()), "river.png"), "cover_alt": 'A "river"', "then": "publish"}
    assert as_sam.post(HERE, data=sent, content_type="multipart/form-data").status_code == 303

    post, file = db.session().scalars(sa.select(Post)).one(), _kept()[0]
    assert (post.cover_id, post.cover) == (file.id, f"/files/{file.id}/cover")
    assert client.get(post.cover).mimetype == "image/png"
    text = client.get(post.path).text
    assert re.search(rf'<img class="mp-cover[^>]*src="{post.cover}" alt="A &#34;river&#34;"', text)
    assert f'<meta property="og:image" content="{SITE}{post.cover}">' in text
    assert json.loads(re.search(r'ld\+json">(.*?)</script>', text)[1])["image"] == SITE + post.cover
    assert f'src="{post.cover}"' in client.get("/blog").text
    said = client.get("/api/marketing/blog").json["posts"][0]
    assert (said["cover"], said["cover_alt"]) == (SITE + post.cover, 'A "river"')
    assert client.get(f"/api/marketing/blog/{post.slug}").json["image"] == SITE + post.cover


@pytest.mark.both_stores
def test_a_cover_is_kept_while_a_post_shows_it_and_goes_after(sam, now):
    cover = make_file()
    post = make_post(sam, cover_id=cover.id, body="No picture here.")

    now.shift(timedelta(days=3))
    assert files.drop_unused() == 0
    service.change(principal_of(sam), post, cover_id=None)
    now.shift(timedelta(days=3))
    assert (files.drop_unused(), post.picture) == (1, "")


def test_one_that_is_kept_is_chosen_and_another_takes_its_place(as_sam, sam):
    first = make_file()
    post = make_post(sam, days_ago=None)
    url = f"{HERE}/{post.id}"
    assert f'value="{first.id}"' in as_sam.get(url).text

    assert as_sam.post(url, data={**NEW, "cover_id": str(first.id)}).status_code == 303
    assert post.cover_id == first.id
    assert f'value="{first.id}" checked' in as_sam.get(url).text
    sent = {**NEW, "cover_id": str(first.id), "cover": (io.BytesIO(picture()), "b.png")}
    assert as_sam.post(url, data=sent, content_type="multipart/form-data").status_code == 303
    assert post.cover_id not in {None, first.id}
    assert as_sam.post(url, data={**NEW, "cover_id": ""}).status_code == 303
    assert post.cover_id is None


def test_what_is_no_picture_of_the_house_is_said_at_its_field(as_sam, sam, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_file()
    hidden, post = make_file(is_public=False), make_post(sam, days_ago=None)
    url = f"{HERE}/{post.id}"

    for chosen in (str(foreign.id), str(hidden.id), "nothing"):
        answer = as_sam.post(url, data={**NEW, "cover_id": chosen})
        assert (answer.status_code, 'id="cover_id-error"' in answer.text) == (422, True), chosen
    sent = {**NEW, "cover": (io.BytesIO(b"<svg>"), "a.svg")}
    answer = as_sam.post(url, data=sent, content_type="multipart/form-data")
    assert (answer.status_code, 'id="cover-error"' in answer.text) == (422, True)
    for chosen in (foreign, hidden):
        said = as_sam.patch(f"/api/v1/blog/posts/{post.id}", json={"cover_id": str(chosen.id)})
        assert said.status_code == 422
    assert (post.cover_id, str(foreign.id) in as_sam.get(url).text) == (None, False)


def test_programs_set_and_take_away_a_cover(as_sam, sam):
    cover, post = make_file(), make_post(sam, days_ago=None)
    url = f"/api/v1/blog/posts/{post.id}"

    said = as_sam.patch(url, json={"cover_id": str(cover.id), "cover_alt": "A river"}).json
    assert (said["cover_id"], said["cover_alt"]) == (str(cover.id), "A river")
    assert as_sam.patch(url, json={"cover_id": None}).json["cover_id"] is None
