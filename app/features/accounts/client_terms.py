"""`/client/terms`: asked once after the terms have changed, before anything else."""

from flask import Response, request
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import agreements, service
from app.features.accounts.forms import AcceptForm
from app.features.accounts.models import User
from app.kernel.access import Role, requires
from app.kernel.errors import NotFound
from app.kernel.pages import PageRoutes, own_path, page, principal, toast

routes = PageRoutes("accounts_client_terms", prefix="/client/terms")


@routes.get("")
@requires(customer=Role.VIEWER, before_terms=True)
def index() -> ResponseReturnValue:
    """The terms that hold, and whether this person accepts them."""
    found = agreements.current()
    if found is None or not principal().owes_terms:
        return redirect(own_path(request.args.get("next"), "/client"), 303)
    return _drawn(AcceptForm(terms_version=found.version, next=request.args.get("next", "")))


@routes.post("")
@requires(customer=Role.VIEWER, limits=("60/hour",), before_terms=True)
def create() -> ResponseReturnValue:
    """Accept them."""
    form = AcceptForm()
    if not form.validate_on_submit() or not form.accepts.data:
        form.accepts.errors = [*form.accepts.errors, "Tick this to go on, or sign out."]
        return _drawn(form, status=422)
    try:
        agreements.accept(_me(), form.terms_version.data or "", where="sign-in")
    except agreements.OtherTerms as refusal:
        form.accepts.data, form.accepts.errors = False, [refusal.text]
        return _drawn(form, status=409)
    toast("good", "Thank you. That is kept with its date.")
    return redirect(own_path(form.next.data, "/client"), 303)


def _me() -> User:
    user_id = principal().user_id
    user = service.find_user(user_id) if user_id is not None else None
    if user is None:
        raise NotFound()
    return user


def _drawn(form: AcceptForm, *, status: int = 200) -> Response:
    found = agreements.current()
    if found is None:
        raise NotFound()
    form.terms_version.data = found.version
    return page(
        "accounts/client/terms.html", status=status, form=form, terms=found, paragraphs=agreements.paragraphs(found)
    )
