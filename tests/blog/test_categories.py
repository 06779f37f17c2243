"""`/admin/blog/categories`: posts stand under them; they are renamed, moved and deleted with nothing lost."""

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.blog import categories, service
from app.features.blog.models import Post, PostCategory
from app.kernel import db, tenancy
from app.kernel.access import Role
from app.kernel.errors import Invalid
from tests.blog.factories import make_post
from tests.support.cast import make_staff, principal_of

HERE = "/admin/blog/categories"


def _named(name: str) -> PostCategory:
    return db.session().scalars(sa.select(PostCategory).where(PostCategory.name == name)).one()


def _posts(*posts: Post) -> list[tuple[str, str]]:
    for post in posts:
        db.session().refresh(post)
    return [(post.category, post.category_key) for post in posts]


@pytest.mark.both_stores
def test_a_post_makes_its_category_once_however_it_is_spelled(sam, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        make_post(make_staff("theo@tern.example", "Theo", Role.ADMIN), category="News")
    first, second, third = (make_post(sam, category=name) for name in ("Our News", "our news!", ""))

    assert _posts(first, second, third) == [("Our News", "our-news"), ("Our News", "our-news"), ("", "")]
    assert [(one.category.name, one.posts, one.published) for one in categories.counted()] == [("Our News", 2, 2)]


@pytest.mark.both_stores
def test_an_admin_renames_one_on_all_its_posts_and_its_address_stays(as_sam, sam, client):
    shown, draft, other = make_post(sam), make_post(sam, days_ago=None), make_post(sam, category="Guides")
    seen = draft.revision
    news = _named("News")

    assert as_sam.post(f"{HERE}/{news.id}", data={"name": "Announcements"}).location == HERE

    assert _posts(shown, draft, other) == [("Announcements", "news")] * 2 + [("Guides", "guides")]
    assert "Announcements" in client.get("/blog?category=news").text
    with pytest.raises(service.ChangedMeanwhile):
        service.change(principal_of(sam), draft, revision=seen, category="News")
    again = make_post(sam, category="News")
    assert _posts(again) == [("News", "news-2")]
    actions = set(db.session().scalars(sa.select(AuditLog.action)))
    assert {"CATEGORY_CREATED", "CATEGORY_RENAMED"} <= actions


@pytest.mark.both_stores
def test_one_with_posts_goes_only_when_they_are_given_another(as_sam, sam):
    shown, gone = make_post(sam), make_post(sam, "Old")
    service.archive(gone)
    other = make_post(sam, category="Guides")
    news, guides = _named("News"), _named("Guides")

    kept = as_sam.post(f"{HERE}/{news.id}/deletion", data={"instead": ""})
    assert (kept.status_code, "Posts stand under this category" in kept.text) == (422, True)
    assert as_sam.post(f"{HERE}/{news.id}/deletion", data={"instead": str(news.id)}).status_code == 422
    assert _posts(shown, gone) == [("News", "news")] * 2
    assert as_sam.post(f"{HERE}/{news.id}/deletion", data={"instead": str(guides.id)}).location == HERE

    assert _posts(shown, gone, other) == [("Guides", "guides")] * 3
    assert [one.name for one in categories.every()] == ["Guides"]


def test_one_without_posts_just_goes(as_sam):
    assert as_sam.post(HERE, data={"name": "Guides"}).location == HERE
    assert "Guides" in as_sam.get(HERE).text
    url = f"{HERE}/{_named('Guides').id}"

    assert as_sam.post(f"{url}/deletion").location == HERE
    assert categories.every() == []
    assert as_sam.get(url).status_code == 404


@pytest.mark.parametrize("name", ["", "!!!", "x" * 61, "guides "])
def test_a_name_that_is_none_or_taken_is_said_at_its_field(as_sam, name):
    made, other = categories.create("Guides"), categories.create("News")

    for url in (HERE, f"{HERE}/{other.id}"):
        answer = as_sam.post(url, data={"name": name})
        assert (answer.status_code, 'id="name-error"' in answer.text) == (422, True)
    assert [one.name for one in categories.every()] == [made.name, "News"]


def test_there_is_an_end_to_them(sam, monkeypatch):
    monkeypatch.setattr(categories, "MOST", 1)
    make_post(sam)

    make_post(sam, category="news")
    with pytest.raises(Invalid) as refused:
        make_post(sam, category="Guides")
    assert "category" in refused.value.fields


def test_others_of_the_staff_read_and_strangers_do_not(client, as_alice, sign_in, sam, other_tenant):
    make_post(sam)
    with tenancy.as_tenant(other_tenant.id):
        foreign = categories.create("Theirs")
    mine, as_mo = _named("News"), sign_in(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))
    writes = (HERE, f"{HERE}/{mine.id}", f"{HERE}/{mine.id}/deletion")

    assert [as_mo.post(url, data={"name": "Other"}).status_code for url in writes] == [403] * 3
    assert [as_alice.post(url, data={"name": "Other"}).status_code for url in writes] == [403] * 3
    assert [client.post(url, data={"name": "Other"}).status_code in {303, 401, 403} for url in writes] == [True] * 3
    assert (as_mo.get(HERE).status_code, as_alice.get(HERE).status_code) == (200, 403)
    assert "Theirs" not in as_mo.get(HERE).text
    as_sam = sign_in(sam)
    assert as_sam.get(f"{HERE}/{foreign.id}").status_code == 404
    assert as_sam.post(f"{HERE}/{mine.id}/deletion", data={"instead": str(foreign.id)}).status_code in {404, 422}
    assert mine.name == "News"
