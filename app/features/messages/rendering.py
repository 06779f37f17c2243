"""From a row to a mail: words from templates, the brand's look put inline, the link's secret only at the end."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import css_inline
import sqlalchemy as sa
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.features.accounts import service as accounts
from app.features.accounts.links import link_url, unused
from app.features.accounts.models import EmailChange, EmailUndo, MailedLink, PasswordToken, SignUp, User
from app.features.branding import service as branding
from app.features.branding.service import Brand
from app.features.messages.kinds import KINDS, Kind
from app.features.messages.models import EmailMessage
from app.features.people.models import Invitation
from app.features.tenants import service as tenants
from app.kernel import clock, db, words

ROOT = Path(__file__).parents[3]
THEMSELVES: dict[str, type[MailedLink]] = {
    "invitation": Invitation,
    "sign_up": SignUp,
    "email_change": EmailChange,
    "email_undo": EmailUndo,
}
"""Links that are what their mail is about (`subject_id`)."""
MASK = "••••••••"
"""Stands for the secret part of a link wherever staff look."""


class LinkIsSpent(Exception):
    """The mail is pointless: the link that it should carry was used or replaced."""


@dataclass(frozen=True)
class Draft:
    """A mail as it would leave now. `secret` is the part of its link that nobody but the person may see."""

    brand: Brand
    subject: str
    html: str
    text: str
    link: MailedLink | None
    secret: str

    def masked(self, text: str) -> str:
        """`text`, a part of this mail, without the secret."""
        return text.replace(self.secret, MASK) if self.secret else text


@cache
def _environment(is_html: bool) -> Environment:
    found = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=is_html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["mail_css"] = (ROOT / "static" / "css" / "mail.css").read_text()
    return found


_inliner = css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)


def draw(message: EmailMessage) -> Draft:
    """Make the mail. Reads only.

    Values are put in as they are and never read as templates themselves.

    Raises:
        LinkIsSpent: it would carry a link that lets nobody in any more.
        jinja2.TemplateError: the template is broken.
    """
    kind = KINDS[message.template]
    user = db.session().get(User, message.to_user_id) if message.to_user_id is not None else None
    link = find_link(message, kind)
    if kind.needs_link and link is None:
        raise LinkIsSpent
    return _drawn(message, kind, user, link)


def find_link(message: EmailMessage, kind: Kind) -> MailedLink | None:
    """The link that the mail carries, while it lets somebody in or its time has not begun to count."""
    if not kind.link:
        return None
    themselves = THEMSELVES.get(kind.link)
    found: MailedLink | None
    found = db.session().get(themselves, message.subject_id) if themselves else _password_link(message, kind)
    if found is None or found.used_at is not None or found.revoked_at is not None:
        return None
    if isinstance(found, SignUp) and accounts.is_email_taken(found.email):
        return None  # its person is told so instead
    if isinstance(found, EmailChange) and accounts.is_email_taken(found.new_email, but_for=found.user_id):
        return None
    return None if found.delivered_at is not None and not found.is_open(clock.now()) else found


def _password_link(message: EmailMessage, kind: Kind) -> PasswordToken | None:
    """The one that it was made for, else the newest of its purpose that its person has."""
    query = sa.select(PasswordToken).where(unused(PasswordToken))
    if message.link_id is not None:
        query = query.where(PasswordToken.id == message.link_id)
    else:
        query = query.where(PasswordToken.user_id == message.to_user_id, PasswordToken.purpose == kind.link)
    return db.session().scalars(query.order_by(PasswordToken.created_at.desc()).limit(1)).first()


def _drawn(message: EmailMessage, kind: Kind, user: User | None, link: MailedLink | None) -> Draft:
    tenant, brand = tenants.current(), branding.brand()
    house = tenants.base_url(tenant)
    is_staff = user is not None and user.is_staff
    context: dict[str, Any] = {
        "brand": brand,
        "first_name": user.first_name if user is not None else "",
        "to_address": message.to_address,
        "portal_url": f"{house}/admin" if is_staff else f"{house}/client",
        "reset_url": f"{house}/admin/reset-password" if is_staff else f"{house}/reset-password",
        "set_password_url": link_url(link) if link is not None else "",
        "link_url": link_url(link) if link is not None else "",
        "link_lasts": _span(link.lasts_seconds) if link is not None else "",
        "wanted_at": words.exact(message.created_at, tenant.time_zone),
        **kind.facts(message),
    }
    name = f"messages/mail/{message.template}"
    words_alone = _environment(False).get_template(f"{name}.txt")
    subject = one_line("".join(words_alone.blocks["subject"](words_alone.new_context(context))))
    html = _environment(True).get_template(f"{name}.html").render(context, subject=subject)
    return Draft(
        brand=brand,
        subject=subject,
        html=_inliner.inline(html),
        text=_tidy(words_alone.render(context)),
        link=link,
        secret=accounts.link_token(link) if link is not None else "",
    )


def one_line(text: str, longest: int = 200) -> str:
    """`text` as a header may bear it: one line, nothing invisible, cut to `longest` characters."""
    seen = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(seen.split())[:longest]


def _tidy(text: str) -> str:
    """Plain text without trailing blanks and with at most one empty line in a row."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines) + "\n"


def _span(seconds: int) -> str:
    hours = seconds // 3600
    if hours > 96:
        return words.plural(hours // 24, "day")
    return words.plural(hours, "hour") if hours else words.plural(seconds // 60, "minute")
