"""`/help`: the help centre, for everybody. Pages of strangers bear no cookie, so that caches may keep them a minute."""

import re
from typing import Any

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from app.config import current as settings
from app.features.kb import addresses, counting, finding, reading, rules, topics, votes
from app.features.kb import index as ranking
from app.features.kb.forms import VoteForm
from app.features.kb.models import LivePage, Vote
from app.features.tenants import service as tenants
from app.kernel import crypto, sitemaps
from app.kernel.access import Role, anyone
from app.kernel.errors import Invalid, NotFound
from app.kernel.pages import PageRoutes, csrf_secret, maybe_principal, page, user_agent, visitor
from app.kernel.words import day, initials, plural

routes = PageRoutes("kb_public", prefix="/help")

HERE = "/help"
SUGGESTED = 5
KEPT_SECONDS = 60
REMEMBERED = 365 * 24 * 3600
"""Seconds that the browser of a stranger who voted is known again."""
SEARCHES = ("120/minute",)
_VISIT = re.compile("[0-9a-f]{64}")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may have, however it is written."""
sitemaps.declare("help", fixed=lambda: (HERE,), stored=reading.addresses)


@routes.get("")
@anyone(limits=SEARCHES)
def index() -> ResponseReturnValue:
    """What there is, and what fits as one types."""
    asked = request.args.get("q", "")
    counts, known = topics.counts(), topics.by_id()
    return _drawn(
        "kb/public/index.html",
        found=finding.search(asked, limit=SUGGESTED) if asked.strip() else None,
        most=ranking.RANKED,
        canonical=_canonical(HERE),
        topics=known,
        offered=[(topic, plural(counts[topic.id], "article")) for topic in known.values() if counts.get(topic.id)],
        popular=reading.popular(6),
    )


def _canonical(path: str) -> str:
    return tenants.base_url(tenants.current()) + path


def _drawn(template: str, **context: Any) -> Response:
    """A page of the help centre. Who has no cookie gets what everybody gets, and so caches may keep it a minute."""
    answer = page(template, **context)
    if maybe_principal() is None and not request.cookies:
        answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
        answer.headers["Vary"] = f"{answer.headers['Vary']}, Cookie"
    return answer


@routes.get("/search")
@anyone(limits=SEARCHES)
def search() -> ResponseReturnValue:
    """Everything that was found."""
    number = request.args.get("page", "1")
    is_number = number.isascii() and number.isdigit() and len(number) < 5
    found = finding.search(request.args.get("q", ""), page=int(number) if is_number else 1)
    if found.page == 1 and counting.is_person(user_agent()):
        counting.note_search(found.text, found=bool(found.hits))
    return _drawn(
        "kb/public/search.html",
        found=found,
        first=(found.page - 1) * finding.ON_A_PAGE + 1,
        most=ranking.RANKED,
        popular=[] if found.hits else reading.popular(5),
        topics=topics.by_id(),
    )


@routes.get("/search/miss")
@anyone(limits=("30/minute",))
def miss() -> ResponseReturnValue:
    """Somebody stopped typing, and had found nothing: their page tells so by itself."""
    asked = request.args.get("q", "")
    if counting.is_person(user_agent()) and not finding.search(asked, limit=1).hits:
        counting.note_search(asked, found=False)
    return Response(status=204)


@routes.get("/topics/<topic>")
@anyone()
def under_topic(topic: str) -> ResponseReturnValue:
    """The articles under one topic."""
    found = topics.by_slug(topic[:200])
    if found is None:
        raise NotFound()
    return _drawn(
        "kb/public/list.html",
        title=found.name,
        lede=found.description,
        canonical=_canonical(f"{HERE}/topics/{found.slug}"),
        topics={found.id: found},
        articles=reading.under(found.id),
    )


@routes.get("/tags/<tag>")
@anyone()
def with_tag(tag: str) -> ResponseReturnValue:
    """The articles with one tag."""
    found, known = reading.tagged(tag), rules.tag(tag)
    if not found:
        raise NotFound()
    return _drawn(
        "kb/public/list.html",
        title=f"Tagged {known}",
        lede="",
        canonical=_canonical(f"{HERE}/tags/{known}"),
        topics=topics.by_id(),
        articles=found,
    )


@routes.get("/feed.xml")
@anyone()
def feed() -> ResponseReturnValue:
    """What changed last, as Atom."""
    return _xml("kb/public/feed.xml", "application/atom+xml", pages=reading.newest())


@routes.get("/sitemap.xml")
@anyone()
def sitemap() -> ResponseReturnValue:
    """Where robots looked for the articles once; the map of the whole site names them."""
    return redirect("/sitemap.xml", 301)


def _xml(template: str, kind: str, **context: Any) -> Response:
    answer = page(template, root=_canonical(""), **context)
    answer.set_data(_NO_XML.sub("", answer.get_data(as_text=True)))
    answer.headers["Content-Type"] = f"{kind}; charset=utf-8"
    if not request.cookies:
        answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return answer


@routes.get("/<slug>")
@anyone()
def show(slug: str) -> ResponseReturnValue:
    """One article. Who knows an address that it had once is led on."""
    try:
        found = reading.page(slug)
    except NotFound:
        present = addresses.led_from(slug[:200])
        if present is None:
            raise
        return redirect(f"{HERE}/{present}", 301)
    who = maybe_principal()
    is_reader = (who is None or not who.is_staff) and counting.is_person(user_agent())
    if is_reader:
        counting.note_reading(found.article_id)
    if is_reader and request.args.get("q"):
        counting.note_click(request.args["q"])
    return _article(found)


def _article(found: LivePage) -> Response:
    who, zone = maybe_principal(), tenants.current().time_zone
    author = reading.author_of(found.article_id)
    canonical = _canonical(f"{HERE}/{found.slug}")
    return _drawn(
        "kb/public/article.html",
        article=found,
        html=Markup(found.html),
        under=topics.find(found.category_id) if found.category_id else None,
        author=author,
        initials=initials(author) if author else "",
        updated=day(found.updated_at, zone),
        related=reading.related(found),
        edit_href=f"/admin/kb/{found.article_id}" if who and (who.staff_role or 0) >= Role.MEMBER else "",
        canonical=canonical,
        data=_data(found, author, canonical),
    )


def _data(found: LivePage, author: str, canonical: str) -> dict[str, Any]:
    """What search engines read: schema.org's Article."""
    said = {
        "@context": "https://schema.org",
        "@type": "TechArticle",
        "headline": found.title,
        "description": found.summary,
        "datePublished": found.created_at.isoformat(),
        "dateModified": found.updated_at.isoformat(),
        "mainEntityOfPage": canonical,
        "keywords": ", ".join(found.tags),
    }
    return said | ({"author": {"@type": "Person", "name": author}} if author else {})


@routes.get("/<slug>/vote")
@anyone()
def vote(slug: str) -> ResponseReturnValue:
    """Whether it helped: the part below an article, which bears the token that the article itself must not have."""
    found = reading.page(slug)
    given = votes.of(found.article_id, voter=_voter())
    chosen = request.args.get("helpful", "")
    if chosen not in {"yes", "no"} and given is not None:
        chosen = "yes" if given.is_helpful else "no"
    form = VoteForm(formdata=None, helpful=chosen, comment=given.comment if given else "")
    return _vote(found, form, is_open="helpful" in request.args, given=given)


def _vote(found: LivePage, form: VoteForm, *, given: Vote | None, is_open: bool, status: int = 200) -> Response:
    return page(
        "kb/public/vote.html",
        status=status,
        article=found,
        form=form,
        given=given,
        is_open=is_open,
        share=f"{found.yes_votes:,} of {plural(found.votes, 'person', 'people')} said yes" if found.votes else "",
    )


def _voter() -> str:
    who = maybe_principal()
    return votes.voter(user_id=who.user_id) if who is not None else votes.voter(visit=_visit())


def _visit() -> str:
    """What the reader's cookie says; before there is one, what this visit's forms are bound to, so that two clicks at
    once are one reader's.
    """
    return _remembered() or crypto.mac("kb-visit", csrf_secret()).hex()


def _remembered() -> str:
    said = request.cookies.get(_cookie_name(), "")
    return said if _VISIT.fullmatch(said) else ""


def _cookie_name() -> str:
    return "__Secure-mpanel-reader" if settings().is_https else "mpanel-reader"


def _remember(answer: Response) -> Response:
    """Let the browser of a stranger who has voted say next time that it is the same one. No other page sets this."""
    answer.set_cookie(
        _cookie_name(), _visit(), max_age=REMEMBERED, secure=settings().is_https, httponly=True, samesite="Lax",
        path=HERE,
    )  # fmt: skip
    return answer


@routes.post("/<slug>/vote")
@anyone(limits=("20/hour",))
def create_vote(slug: str) -> ResponseReturnValue:
    """Say whether it helped, and if one likes, why."""
    found, form, who = reading.page(slug), VoteForm(), maybe_principal()
    if form.validate_on_submit():
        try:
            votes.vote(
                found.article_id,
                voter=_voter(),
                is_helpful=form.is_helpful,
                comment=form.comment.data or "",
                user_id=who.user_id if who else None,
                network="" if who else visitor().network,
                before=votes.voter(visit=_remembered()) if who and _remembered() else "",
            )
        except Invalid as refusal:
            form.blame(refusal)
        else:
            answer = Response(status=303, headers={"Location": f"{HERE}/{found.slug}/vote"})
            return answer if who is not None else _remember(answer)
    return _vote(found, form, status=422, is_open=True, given=None)
