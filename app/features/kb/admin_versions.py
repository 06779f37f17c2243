"""`/admin/kb/<id>/versions`: how an article was saved, what was changed each time, and bringing one back."""

from uuid import UUID

from flask import redirect
from flask.typing import ResponseReturnValue

from app.features.accounts import slots as accounts
from app.features.kb import differences, service
from app.features.kb.admin import CRUMBS, HERE
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, page, principal, toast

routes = PageRoutes("kb_versions", prefix="/admin/kb/<uuid:article_id>/versions")


@routes.get("")
@requires(staff=Role.MEMBER)
def index(article_id: UUID) -> ResponseReturnValue:
    """Them, the newest first."""
    article, zone = service.find(principal(), article_id), tenants.current().time_zone
    found = service.versions(article)
    names = accounts.names_of({one.author_id for one in found if one.author_id is not None})
    return page(
        "kb/admin/versions.html",
        article=article,
        here=f"{HERE}/{article.id}",
        crumbs=[*CRUMBS, (article.title, f"{HERE}/{article.id}"), ("Versions", None)],
        versions=[
            (
                one.revision, one.title, names.get(one.author_id, "") if one.author_id else "", one.restored_from,
                words.ago(one.created_at, zone), words.exact(one.created_at, zone),
                one.revision == article.revision, one.revision == article.published_revision,
            )
            for one in found
        ],
    )  # fmt: skip


@routes.get("/<int:revision>")
@requires(staff=Role.MEMBER)
def show(article_id: UUID, revision: int) -> ResponseReturnValue:
    """What was changed in one of them, and what it says."""
    article, zone = service.find(principal(), article_id), tenants.current().time_zone
    version = service.version(article, revision)
    before = service.version(article, revision - 1) if revision > 1 else None
    author = accounts.names_of({version.author_id} if version.author_id else set())
    return page(
        "kb/admin/version.html",
        article=article,
        version=version,
        here=f"{HERE}/{article.id}",
        crumbs=[
            *CRUMBS,
            (article.title, f"{HERE}/{article.id}"),
            ("Versions", f"{HERE}/{article.id}/versions"),
            (str(revision), None),
        ],
        author=next(iter(author.values()), ""),
        when=words.exact(version.created_at, zone),
        changes=differences.between(before, version),
        may_change=service.may_change(principal(), article),
        is_present=version.revision == article.revision,
        now=differences.between(version, service.version(article, article.revision)),
    )


@routes.post("/<int:revision>/restoring")
@requires(staff=Role.MEMBER)
def create_restoring(article_id: UUID, revision: int) -> ResponseReturnValue:
    """Bring its words back, as another version."""
    article = service.find_to_change(principal(), article_id)
    service.restore(article, service.version(article, revision))
    toast("good", f"The words of version {revision} are back. Readers see them once you publish them.")
    return redirect(f"{HERE}/{article.id}", 303)
