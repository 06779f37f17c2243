"""`/sign-up`: opening an account by oneself; `/terms`: what one agrees to. The answer is the same for any address."""

from flask import Response
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import agreements, sign_up
from app.features.accounts.forms import SignUpForm
from app.features.tenants import service as tenants
from app.kernel import sitemaps, words
from app.kernel.access import anyone
from app.kernel.errors import Invalid, NotFound
from app.kernel.pages import PageRoutes, maybe_principal, page

routes = PageRoutes("accounts_public_sign_up")

FORM = "accounts/public/sign_up.html"
SENT = "/sign-up/sent"


def _found() -> list[str]:
    tenant = tenants.current()
    pages = {"/sign-up": tenant.sign_up_open, "/terms": bool(tenant.terms_version)}
    return [path for path, is_there in pages.items() if is_there]


sitemaps.declare("accounts", fixed=_found)


@routes.get("/sign-up")
@anyone()
def new() -> ResponseReturnValue:
    """Ask for an account; whoever is signed in has one."""
    if maybe_principal() is not None:
        return redirect("/", 303)
    sign_up.check_open()
    return _drawn(SignUpForm(terms_version=tenants.current().terms_version))


@routes.post("/sign-up")
@anyone(limits=("20/hour",))
def create() -> ResponseReturnValue:
    """Note the wish and send the mail. What a machine has filled in is thanked for and dropped."""
    form = SignUpForm()
    sign_up.check_open()
    if not form.validate_on_submit():
        return _drawn(form, status=422)
    if form.website.data:
        return redirect(SENT, 303)
    if tenants.current().terms_version and not form.accepts.data:
        form.accepts.errors = ["Without this we cannot open an account."]
        return _drawn(form, status=422)
    try:
        sign_up.request(
            email=form.email.data,
            first_name=form.first_name.data,
            last_name=form.last_name.data or "",
            company=form.company.data or "",
            terms_version=form.terms_version.data or "",
            wants_news=form.wants_news.data,
        )
    except Invalid as refusal:
        form.blame(refusal)
        return _drawn(form, status=422)
    except agreements.OtherTerms as refusal:
        form.terms_version.data, form.accepts.data = tenants.current().terms_version, False
        form.accepts.errors = [refusal.text]
        return _drawn(form, status=409)
    return redirect(SENT, 303)


@routes.get(SENT)
@anyone()
def sent() -> Response:
    """What happens next."""
    return page("accounts/public/sign_up_sent.html")


def _drawn(form: SignUpForm, *, status: int = 200) -> Response:
    answer = page(FORM, status=status, form=form, terms=agreements.current())
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


@routes.get("/terms")
@anyone()
def show_terms() -> ResponseReturnValue:
    """The terms that hold."""
    found = agreements.current()
    if found is None:
        raise NotFound()
    since = words.day(found.created_at, tenants.current().time_zone)
    return page("accounts/public/terms.html", terms=found, paragraphs=agreements.paragraphs(found), since=since)
