"""`/client/account/email`: another address to sign in by; `/client/account/news`: consent to news."""

from flask import Response
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import agreements, email_pages
from app.features.accounts.forms import NewsForm
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, toast

routes = PageRoutes("accounts_client_email", prefix="/client/account")

PAGE = "accounts/client/email.html"


@routes.get("/email")
@requires(customer=Role.VIEWER)
def new_email() -> Response:
    """Which address, and what is asked for already."""
    return email_pages.asked(PAGE)


@routes.post("/email")
@requires(customer=Role.VIEWER, limits=("10/hour",), hashes=True)
def create_email() -> ResponseReturnValue:
    """Ask the new address; nothing changes until it confirms."""
    return email_pages.ask(PAGE, home="/client/account/email")


@routes.post("/news")
@requires(customer=Role.VIEWER, limits=("60/hour",))
def update_news() -> ResponseReturnValue:
    """Give or take back the consent to news and offers."""
    form = NewsForm()
    wanted = bool(form.wants_news.data)
    agreements.choose_news(email_pages.me(), wanted=wanted, where="account")
    toast("good", "You get news and offers." if wanted else "You get no news and offers any more.")
    return redirect("/client/account", 303)
