"""Who may do what: roles, the person or key at the door, and the mark on every route."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar
from uuid import UUID

from app.kernel import words
from app.kernel.errors import Forbidden, NotSignedIn


class Role(IntEnum):
    """One ladder, for staff and for the people of a customer account alike."""

    VIEWER = 1
    MEMBER = 2
    BILLING = 3
    ADMIN = 4
    OWNER = 5


@dataclass(frozen=True)
class Principal:
    """Who is asking. A person has a staff role or a customer, never both; a key has scopes."""

    tenant_id: UUID
    user_id: UUID | None = None
    session_id: UUID | None = None
    key_id: UUID | None = None
    name: str = ""
    email: str = ""
    staff_role: Role | None = None
    customer_id: UUID | None = None
    customer_role: Role | None = None
    customer_name: str = ""
    scopes: frozenset[str] = frozenset()
    hourly_limit: int | None = None
    """Calls an hour that a key may make."""
    collects_payments: bool = False
    """Whether a key's holder has taken the money for what it sells."""
    csrf_secret: bytes = field(default=b"", repr=False)
    """The secret of this login's row that its forms are bound to."""
    impersonator_id: UUID | None = None
    """The member of staff who looks through this person's eyes, if one does."""
    impersonator_name: str = ""
    owes_terms: bool = False
    """Whether this person has yet to accept the terms that hold, before anything else."""

    @property
    def is_staff(self) -> bool:
        """Whether this is somebody who works here."""
        return self.staff_role is not None

    @property
    def is_impersonated(self) -> bool:
        """Whether it is not the person, but a member of staff in their place."""
        return self.impersonator_id is not None

    @property
    def role_label(self) -> str:
        """The role as people read it."""
        role = self.staff_role or self.customer_role
        return role.name.capitalize() if role else ""

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        return words.initials(self.name or self.email)


@dataclass(frozen=True)
class Actor:
    """Who caused what is being written, and from where: for the audit log."""

    user_id: UUID | None = None
    key_id: UUID | None = None
    name: str = "system"
    ip: str = ""
    user_agent: str = ""
    request_id: str = ""
    impersonator_id: UUID | None = None
    """The member of staff who acted as `user_id`, if one did."""
    impersonator_name: str = ""


SYSTEM = Actor()
_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


def actor() -> Actor:
    """Who is acting here; `system` when nobody said."""
    return _actor.get() or SYSTEM


@contextmanager
def acting(who: Actor) -> Iterator[None]:
    """Do what is inside in the name of `who`."""
    token = _actor.set(who)
    try:
        yield
    finally:
        _actor.reset(token)


STOP_FIRST = "This page is for staff, and you see the portal as a customer. Stop that first: the button is at the top."


class Impersonating(Forbidden):
    """A member of staff sees the portal as a customer's person: 403 for what is that person's own to do."""

    code = "impersonating"
    text = "You see the portal as somebody else. This is theirs alone to do."


class TermsOwed(Forbidden):
    """Somebody signed in after the terms had changed, and has not accepted them: 403, or the page that asks."""

    code, text = "terms_not_accepted", "Accept the terms first."


@dataclass(frozen=True)
class Access:
    """The mark on a route: who may come in."""

    kind: str
    """`platform` (whole installation, any host), `public`, `signed` (a program whose body is signed), `own` (somebody
    at their own things), `role` or `key`."""
    staff: Role | None = None
    customer: Role | None = None
    scope: str | None = None
    limits: tuple[str, ...] = field(default=())
    """Besides, as `10/minute`: counted per key where there is one, else per address."""
    impersonated: bool = False
    """Whether staff who see the portal as somebody may write here. Everything else is closed to them: passwords,
    factors, e-mail, people, keys, consent and money are the person's own business."""
    always: bool = False
    """Also while the house is suspended or closed."""
    before_terms: bool = False
    """Also for those who have yet to accept the terms."""
    as_nobody: bool = False
    """Everybody is a stranger here: no cookie is read, and so no form token is asked for. For what any program may
    send in JSON, which no form of another site can."""
    hashes: bool = False
    """Whether a POST here checks or makes a password's hash: such requests queue for one thread (`running/server`)."""
    largest: int | None = None
    """Bytes of the body, where it is more than any page's: files."""

    def admit(self, principal: Principal | None) -> None:
        """Let `principal` pass or refuse.

        Raises:
            NotSignedIn: nobody is there and somebody is needed.
            Forbidden: the role or the scope is not enough.
            TermsOwed: the person has not accepted the terms that hold.
        """
        if self.kind in {"public", "platform", "signed"}:
            return
        if principal is None:
            raise NotSignedIn()
        if self.kind == "key":
            self._admit_key(principal)
        elif principal.user_id is None:
            raise Forbidden("A key cannot do that.")
        elif self.kind == "role" and not self._role_suffices(principal):
            raise Impersonating(STOP_FIRST) if principal.is_impersonated and self.staff is not None else Forbidden()
        elif principal.owes_terms and not self.before_terms:
            raise TermsOwed()

    def admit_write(self, principal: Principal | None) -> None:
        """Let `principal`, whom `admit` has let in, change something here or refuse.

        Raises:
            Impersonating: it is a member of staff in the person's place, and this is not open to them.
        """
        if principal is not None and principal.is_impersonated and not self.impersonated:
            raise Impersonating()

    def _admit_key(self, principal: Principal) -> None:
        if principal.key_id is None:
            raise NotSignedIn("Send a key in X-API-Key.")
        if self.scope not in principal.scopes:
            raise Forbidden(f"The key lacks the scope {self.scope}.", code="wrong_scope")

    def _role_suffices(self, principal: Principal) -> bool:
        if principal.staff_role is not None:
            return self.staff is not None and principal.staff_role >= self.staff
        if principal.customer_role is not None:
            return self.customer is not None and principal.customer_role >= self.customer
        return False


View = TypeVar("View", bound=Callable[..., object])


def access_of(view: Callable[..., object]) -> Access | None:
    """The mark that `view` bears, if any."""
    found = getattr(view, "__access__", None)
    return found if isinstance(found, Access) else None


def _mark(access: Access) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        view.__access__ = access  # type: ignore[attr-defined]  # a mark on a function
        return view

    return decorate


def requires(
    *,
    staff: Role | None = None,
    customer: Role | None = None,
    limits: tuple[str, ...] = (),
    impersonated: bool = False,
    before_terms: bool = False,
    hashes: bool = False,
    largest: int | None = None,
) -> Callable[[View], View]:
    """Only people of these roles and up; an absent side is refused.

    Staff who see the portal as a customer only read, unless the route says `impersonated`; who has yet to accept the
    terms gets nothing that does not say `before_terms`. `hashes` says that a password is hashed there, `largest` how
    many bytes the body may have where files come.
    """
    return _mark(
        Access(
            "role",
            staff=staff,
            customer=customer,
            limits=limits,
            impersonated=impersonated,
            before_terms=before_terms,
            hashes=hashes,
            largest=largest,
        )
    )


def keyed(scope: str, *, limits: tuple[str, ...] = ()) -> Callable[[View], View]:
    """Only programs with a key that has `scope`."""
    return _mark(Access("key", scope=scope, limits=limits))


def anyone(
    *,
    limits: tuple[str, ...] = (),
    always: bool = False,
    impersonated: bool = False,
    hashes: bool = False,
    as_nobody: bool = False,
) -> Callable[[View], View]:
    """Everybody, signed in or not; with `always` while the house is suspended too; `impersonated` as in `requires`.

    `hashes` says that a password is hashed there, `as_nobody` that it does not matter who asks: for endpoints in JSON.
    """
    return _mark(
        Access("public", limits=limits, always=always, impersonated=impersonated, hashes=hashes, as_nobody=as_nobody)
    )


def signed(*, limits: tuple[str, ...]) -> Callable[[View], View]:
    """A program that calls back: no cookie is read, no form token asked for; the view checks the body's signature.

    It is heard while the house is suspended as well: what it tells would be lost.
    """
    return _mark(Access("signed", limits=limits, always=True))


def signed_in(*, limits: tuple[str, ...] = ()) -> Callable[[View], View]:
    """Any person, at their own things: no role needed."""
    return _mark(Access("own", limits=limits))


def platform() -> Callable[[View], View]:
    """Everybody, on any host: it answers for the whole installation and opens no unit of work."""
    return _mark(Access("platform"))
