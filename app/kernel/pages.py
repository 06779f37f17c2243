"""Pages with fragments: one template, drawn whole or as the one block that htmx asked for.

No view asks whether a request is htmx: the block, the element and `hx-target`
bear one name, and `page` answers with that block. Without JavaScript the same
view answers with the whole page.
"""

import hashlib
import re
from typing import Any

from flask import Blueprint, Response, current_app, flash, g, render_template, request
from flask_wtf import FlaskForm
from jinja2_fragments import render_block
from wtforms import FieldList, FormField, SelectMultipleField, ValidationError
from wtforms.csrf.core import CSRF

from app.kernel import csrf
from app.kernel.access import Principal, Role
from app.kernel.errors import NotSignedIn, Refusal
from app.kernel.visitor import Visitor

_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""A path on this host in visible ASCII: no second slash, no backslash, nothing that browsers drop."""

KEPT_SECONDS = 300
"""How long programs may go on with what they fetched."""


class PageRoutes(Blueprint):
    """The pages of one room behind one door, under one prefix."""

    def __init__(self, name: str, *, prefix: str = "") -> None:
        super().__init__(name, name, url_prefix=prefix or None)


def page(template: str, *, status: int = 200, **context: Any) -> Response:
    """Draw `template`, or only its block named like the element htmx wants to replace."""
    block = _wanted_block(template)
    if block is None:
        text = render_template(template, **context)
    else:
        dress = current_app.extensions["dress_fragment"]
        text = render_block(current_app.jinja_env, template, block, **dress(), **context)
    return Response(text, status, [("Vary", "HX-Request, HX-Target")], content_type="text/html; charset=utf-8")


def _wanted_block(template: str) -> str | None:
    asked = request.environ
    target: str | None = asked.get("HTTP_HX_TARGET")
    if not target or asked.get("HTTP_HX_REQUEST") != "true":
        return None
    if asked.get("HTTP_HX_HISTORY_RESTORE_REQUEST") == "true" or asked.get("HTTP_HX_BOOSTED") == "true":
        return None
    return target if target in current_app.jinja_env.get_template(template).blocks else None


def kept(body: str | bytes, mimetype: str) -> Response:
    """A text for programs that may be kept for some minutes, and that says when it is still the same."""
    answer = Response(body, mimetype=mimetype)
    answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:32])
    answer.make_conditional(request)
    return answer


def private(answer: Response) -> Response:
    """The address of this page lets somebody in: it goes nowhere else."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def toast(tone: str, text: str) -> None:
    """Say the result of an act once, on the next page. `tone` is good, info, warn or bad."""
    flash(text, tone)


def maybe_principal() -> Principal | None:
    """Who is asking, if somebody is known."""
    found = g.get("principal")
    return found if isinstance(found, Principal) else None


def principal() -> Principal:
    """Who is asking.

    Raises:
        NotSignedIn: nobody is known.
    """
    found = maybe_principal()
    if found is None:
        raise NotSignedIn()
    return found


def is_at_least(role: Role) -> bool:
    """Whether somebody of the staff with at least this role is asking."""
    return (principal().staff_role or 0) >= role


def own_path(text: str | None, home: str) -> str:
    """`text` if it is a path on this host, else `home`: nobody is sent elsewhere."""
    return text if text and len(text) <= 2000 and _OWN_PATH.fullmatch(text) else home


def visitor() -> Visitor:
    """Where the request comes from."""
    found = g.visitor
    assert isinstance(found, Visitor)
    return found


def client_address() -> str:
    """The address of the person's machine, seen through trusted proxies only."""
    return visitor().address


def user_agent() -> str:
    """What the browser calls itself, cut to 512 characters."""
    called: str = request.environ.get("HTTP_USER_AGENT", "")
    return called[:512]


def csrf_secret() -> bytes:
    """The secret that this login's or this visit's forms are bound to; made when first asked for."""
    who = maybe_principal()
    if who is not None and who.csrf_secret:
        return who.csrf_secret
    if "visit" not in g:
        g.visit = csrf.new_secret()
        g.visit_is_new = True
    found = g.visit
    assert isinstance(found, bytes)
    return found


def csrf_token() -> str:
    """A token for the forms of this answer: the same for all of them, while they are bound to the same secret."""
    secret = csrf_secret()
    made = g.get("form_token")
    if made is None or made[0] != secret:
        made = g.form_token = secret, csrf.token_for(secret)
    return str(made[1])


class _BoundCsrf(CSRF):  # type: ignore[misc]  # WTForms is untyped
    """WTForms' view of the token. The door has checked it already for every write."""

    def generate_csrf_token(self, csrf_token_field: Any) -> str:
        return csrf_token()

    def validate_csrf_token(self, form: Any, field: Any) -> None:
        if not csrf.is_valid(csrf_secret(), field.data):
            raise ValidationError("This form was open too long or came from elsewhere. Send it again.")


class PanelForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    """A form whose token is bound to the login's row."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf_field_name = csrf.TOKEN_FIELD
        csrf_class = _BoundCsrf
        csrf = True

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What a form sends; nothing to a form made with `formdata=None`. JSON is for the door for programs."""
            return request.form if formdata is not None and request.method not in {"GET", "HEAD"} else None

    def validate(self, extra_validators: Any = None) -> bool:
        """Flask-WTF's check, and besides: no text that cannot be stored, nothing sent twice that is one thing."""
        is_fine = bool(super().validate(extra_validators))
        for field in self:
            problem = _problem(field)
            if problem:
                field.errors = [*field.errors, problem]
                is_fine = False
        return is_fine

    def blame(self, refusal: Refusal) -> None:
        """Say at its fields what a service refused; what is no field of this form is said on top."""
        for name, problem in refusal.fields.items():
            if name in self._fields:
                self[name].errors = [*self[name].errors, problem]
            else:
                self.form_errors.append(problem)

    @property
    def answers(self) -> dict[str, Any]:
        """What was filled in, without the token."""
        return {name: value for name, value in self.data.items() if name != csrf.TOKEN_FIELD}


def _problem(field: Any) -> str | None:
    if isinstance(field.data, str) and "\0" in field.data:
        return "This contains a character that cannot be stored."
    is_one = not isinstance(field, FieldList | FormField | SelectMultipleField)
    if is_one and len(request.form.getlist(field.name)) > 1:
        return "This was sent twice."
    return None
