"""What the desk of an article says and offers, by whom it is opened and how it stands."""

import re

import pytest

from app.kernel.access import Role
from tests.kb.factories import make_article
from tests.support.cast import make_staff


@pytest.fixture
def as_mo(sign_in, tenant):
    """A member of staff who writes and does not publish."""
    return sign_in(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))


@pytest.fixture
def article(as_mo, tenant):
    """One that somebody is asked to read over."""
    made = make_article()
    as_mo.post(f"/admin/kb/{made.id}/review", data=words_of(made))
    return made


def words_of(article, **more):
    empty = dict.fromkeys(("tags", "summary", "seo_title", "category", "publish_at"), "")
    said = {"title": article.title, "body": article.body, "slug": article.slug, "revision": str(article.revision)}
    return empty | said | more


def test_whoever_schedules_an_article_has_read_it_over(as_sam, article):
    desk = f"/admin/kb/{article.id}"
    assert "asks you to read it over" in as_sam.get(desk).text

    answer = as_sam.post(f"{desk}/schedule", data=words_of(article, publish_at="2026-11-20T15:00"))
    assert answer.status_code == 303

    assert "It will be published by itself" in as_sam.get(desk).text
    assert "asks you to read it over" not in as_sam.get(desk).text


def test_whoever_may_not_change_an_article_is_offered_no_field_of_it(as_sam, as_mo, article):
    desk = f"/admin/kb/{article.id}"
    assert "<fieldset" in as_mo.get(desk).text and not _locked(as_mo.get(desk).text)

    answer = as_sam.post(f"{desk}/schedule", data=words_of(article, publish_at="2026-11-20T15:00"))
    assert answer.status_code == 303

    assert _locked(as_mo.get(desk).text)
    assert not _locked(as_sam.get(desk).text)


def _locked(page):
    """Whether its fields are there to be read alone."""
    return bool(re.search("<fieldset[^>]* disabled>", page)) and "readonly" in page
