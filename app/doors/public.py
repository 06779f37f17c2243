"""`/...`: nobody needs to be signed in."""

from flask import Flask, redirect
from werkzeug.wrappers import Response

from app.doors import crawlers
from app.features.accounts import public as accounts
from app.features.accounts import public_email as email
from app.features.accounts import public_email_undo as email_undo
from app.features.accounts import public_sign_up as sign_up
from app.features.blog import public as blog
from app.features.branding import public as branding
from app.features.files import public as files
from app.features.kb import public as kb
from app.features.ops import public as ops
from app.features.people import public as people
from app.features.sessions import public as sessions
from app.features.sessions import public_sign_up as sign_up_confirmation
from app.features.testimonials import public as testimonials
from app.kernel.access import anyone
from app.kernel.pages import PageRoutes, maybe_principal

ROOMS = (
    sessions.routes,
    accounts.routes,
    sign_up.routes,
    email.routes,
    email_undo.routes,
    sign_up_confirmation.routes,
    people.routes,
    branding.routes,
    files.routes,
    kb.routes,
    ops.routes,
    blog.routes,
    testimonials.routes,
)

front = PageRoutes("front")


@front.get("/")
@anyone()
def index() -> Response:
    """To where the visitor belongs."""
    who = maybe_principal()
    if who is None:
        return redirect("/sign-in", 303)
    return redirect("/admin" if who.is_staff else "/client", 303)


def open_on(app: Flask) -> None:
    """Mount this door's rooms."""
    for routes in (front, crawlers.routes, *ROOMS):
        app.register_blueprint(routes)
