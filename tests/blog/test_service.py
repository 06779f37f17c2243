"""Posts: their addresses, their states, their time."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.audit.models import AuditLog
from app.features.blog import categories, service, tasks
from app.features.blog.models import Post, PostSlug
from app.features.blog.service import ChangedMeanwhile, NotYours
from app.kernel import clock, db, slugs, tenancy
from app.kernel.access import Role
from app.kernel.errors import Invalid
from app.kernel.one_by_one import SomeFailed
from tests.blog.factories import make_post
from tests.support.cast import make_staff, principal_of


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Grüße aus Köln!", "grusse-aus-koln"), ("  A -- B  ", "a-b"), ("שלום", "post"), ("🙂", "post"), ("½ price", "1-2-price"),
     ("x" * 150, "x" * 80), ("word " * 40, "-".join(["word"] * 16)), ("01936d5e-7c22-7a41-8a0d-9d1c3a7e5b60", "post")],
)  # fmt: skip
def test_a_slug_is_made_of_the_title(sam, title, slug):
    assert make_post(sam, title[:150]).slug == slug


@pytest.mark.parametrize("slug", ["Not One", "ä", "-a", "a/b", "..", "x" * 81, "a\u202eb", "feed.xml"])
def test_a_slug_that_is_none_is_refused(sam, slug):
    with pytest.raises(Invalid) as found:
        make_post(sam, slug=slug)

    assert set(found.value.fields) == {"slug"}


@pytest.mark.both_stores
def test_slugs_stay_unique_also_against_old_ones(sam):
    first, second = make_post(sam, "News"), make_post(sam, "News")
    who = principal_of(sam)

    assert (first.slug, second.slug) == ("news", "news-2")
    service.change(who, first, slug="other")
    assert make_post(sam, "News").slug == "news-3"
    with pytest.raises(Invalid):
        service.change(who, second, slug="news")
    service.change(who, first, slug="news")
    assert first.slug == "news"


def test_a_draft_gives_back_the_address_that_nobody_could_know(sam):
    draft = make_post(sam, "News", days_ago=None)

    service.change(principal_of(sam), draft, slug="other")

    assert make_post(sam, "News").slug == "news"
    assert db.session().scalars(sa.select(PostSlug.slug).where(PostSlug.post_id == draft.id)).all() == ["other"]


def test_two_houses_may_have_the_same_address(sam, other_tenant):
    make_post(sam, "News")
    with tenancy.as_tenant(other_tenant.id):
        assert make_post(make_staff("theo@tern.example", "Theo", Role.ADMIN), "News").slug == "news"


@pytest.mark.both_stores
def test_a_post_publishes_itself_at_its_time_and_once(sam, other_tenant, now):
    at = clock.now() + timedelta(hours=2, minutes=30)
    post = make_post(sam, days_ago=None)
    service.schedule(post, at)
    with tenancy.as_tenant(other_tenant.id):
        other = make_post(make_staff("theo@tern.example", "Theo", Role.ADMIN), days_ago=None)
        service.schedule(other, at)
        db.session().flush()

    _run()
    assert (post.state, other.state) == ("scheduled", "scheduled")
    now.shift(timedelta(days=3))
    for _ in range(2):
        _run()

    assert (post.state, other.state) == ("published", "published")
    assert post.published_at == at
    assert _told(post) == 1


def _run():
    """As the worker does: over all tenants, in transactions of its own."""
    db.session().flush()
    with tenancy.across_tenants("schedule"):
        tasks.publish_due()
    for row in list(db.session()):
        if isinstance(row, Post):
            with tenancy.as_tenant(row.tenant_id):
                db.session().refresh(row)


def _told(post):
    wanted = sa.select(sa.func.count()).where(AuditLog.action == "POST_PUBLISHED", AuditLog.resource_id == post.id)
    return db.session().scalar(wanted)


def test_what_is_withdrawn_before_its_time_stays_a_draft(sam, now):
    post = make_post(sam, days_ago=None)
    service.schedule(post, clock.now() + timedelta(minutes=5))
    service.withdraw(post)
    now.shift(timedelta(hours=1))

    _run()
    service.publish_due(post.id)

    assert post.state == "draft"


def test_nothing_is_scheduled_for_the_past_or_without_words(sam):
    post, empty = make_post(sam, days_ago=None), make_post(sam, "Empty", days_ago=None, body="")

    for one, at in ((post, clock.now()), (empty, clock.now() + timedelta(days=1))):
        with pytest.raises(Invalid):
            service.schedule(one, at)
    with pytest.raises(Invalid):
        service.publish(empty)
    service.schedule(post, clock.now() + timedelta(days=1))
    with pytest.raises(Invalid):
        service.change(principal_of(sam), post, body=" ")


def test_the_archive_keeps_the_date(sam):
    post = make_post(sam, days_ago=30)
    published = post.published_at

    service.archive(post)
    service.publish(post)

    assert (post.state, post.published_at) == ("published", published)
    service.archive(post)
    service.restore(post)
    assert post.state == "draft"


def test_who_saves_over_somebody_elses_words_is_told(sam):
    post, who = make_post(sam), principal_of(sam)
    seen = post.revision
    service.change(who, post, revision=seen, body="One")

    with pytest.raises(ChangedMeanwhile):
        service.change(who, post, revision=seen, body="Two")

    assert post.body == "One"
    service.change(who, post, revision=post.revision, body="Two")
    assert post.body == "Two"


def test_a_published_post_is_an_event_with_its_address(sam):
    post = make_post(sam)

    row = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "POST_PUBLISHED")).one()

    assert row.state_after["url"] == f"http://127.0.0.1:2271/blog/{post.slug}"


def test_a_tag_is_said_once(sam):
    post = make_post(sam, tags=["Hosting", "hosting ", "", "E-Mail"])

    assert [(tag.key, tag.name) for tag in service.tags_of(post)] == [("hosting", "Hosting"), ("e-mail", "E-Mail")]


def test_free_slugs_are_cut_to_fit():
    assert slugs.free("x" * 80, {"x" * 80}.__contains__) == "x" * 78 + "-2"


def _meanwhile(row, **values):
    """Somebody else's request does this after ours has read the row and before it writes."""
    db.session().flush()
    db.session().refresh(row)
    model = type(row)
    done = sa.update(model).where(model.id == row.id).values(**values)
    db.session().execute(done.execution_options(synchronize_session=False))
    audit.record("POST_UPDATED", resource_type="post", resource_id=row.id)


@pytest.mark.both_stores
def test_what_is_published_while_a_member_writes_keeps_its_words(sam):
    mo = principal_of(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))
    post = make_post(sam, days_ago=None)
    _meanwhile(post, published_at=clock.now(), first_published_at=clock.now())

    with pytest.raises(NotYours):
        service.change(mo, post, body="Not read over.")


@pytest.mark.both_stores
def test_what_published_itself_a_moment_before_it_is_withdrawn_is_withdrawn(sam):
    post = make_post(sam, days_ago=None)
    service.schedule(post, clock.now() + timedelta(hours=1))
    _meanwhile(post, published_at=clock.now(), first_published_at=clock.now(), scheduled_for=None)

    service.withdraw(post)

    db.session().expire_all()
    assert post.state == "draft"


def test_what_is_published_a_moment_before_is_not_told_again(sam):
    post = make_post(sam, days_ago=None)
    _meanwhile(post, published_at=clock.now(), first_published_at=clock.now())

    service.publish(post)

    audit.write_out()
    assert _told(post) == 0


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_year_that_nobody_means_is_refused(as_sam, sam, at):
    post = make_post(sam, days_ago=None)

    assert as_sam.post(f"/api/v1/blog/posts/{post.id}/schedule", json={"at": at}).status_code == 422


def test_the_name_of_an_author_is_personal_in_the_log(sam):
    """Else it would outlive whoever is erased."""
    post = make_post(sam, author_name="Jane Doe")
    service.change(principal_of(sam), post, author_name="Jane Roe")

    rows = db.session().scalars(sa.select(AuditLog).where(AuditLog.resource_id == post.id)).all()

    assert not [row.action for row in rows if "Jane" in f"{row.state_before} {row.state_after}"]
    assert any("Jane Roe" in str(audit.personal_part(row)) for row in rows)


@pytest.mark.both_stores
def test_a_post_that_cannot_be_published_stops_no_other_of_any_house(sam, other_tenant, now):
    at = clock.now() + timedelta(hours=1)
    with tenancy.as_tenant(other_tenant.id):
        theirs = make_post(make_staff("theo@tern.example", "Theo", Role.ADMIN), days_ago=None)
        service.schedule(theirs, at)
        _meanwhile(theirs, body="")
    broken, post = make_post(sam, days_ago=None), make_post(sam, days_ago=None)
    service.schedule(broken, at)
    _meanwhile(broken, body="")
    service.schedule(post, at + timedelta(minutes=1))
    now.shift(timedelta(days=1))

    with pytest.raises(SomeFailed, match="2 of 3 posts"):
        _run()
    for row in (post, broken):
        db.session().refresh(row)

    assert (post.state, broken.state) == ("published", "scheduled")


def test_keys_and_addresses_of_older_posts_stay_as_they_are(tenant, sam):
    post = make_post(sam, category="What's new", tags=["What’s on"])
    assert (post.category_key, [tag.key for tag in service.tags_of(post)]) == ("what-s-new", ["what-s-on"])
    post.slug = "big--news"  # as could be chosen once
    db.session().flush()

    service.change(principal_of(sam), post, slug="big--news", title="Bigger news", category="What's New")

    assert (post.slug, post.title, post.category_key) == ("big--news", "Bigger news", "what-s-new")
    assert len(categories.every()) == 1
