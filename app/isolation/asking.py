"""Who asks, what they ask for, and what came of it, in words that two askings can be compared by."""

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from flask.testing import FlaskClient
from standardwebhooks import Webhook

from app.features.sessions import service as sessions
from app.features.tenants import service as tenants
from app.isolation.ground import Ground
from app.isolation.world import House, World
from app.kernel import aftermath, clock, csrf, db, tenancy
from app.kernel.access import Principal, Role
from app.kernel.routemap import Route

SAFE = frozenset({"GET", "HEAD"})
VISIT = hashlib.sha256(b"a visit").hexdigest()
_TOKEN = re.compile(r"[A-Za-z0-9_-]{86}==")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UNTOLD = frozenset(
    {
        "x-request-id",
        "content-length",
        "date",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "set-cookie",
    }
)
"""Headers that differ from one answer to the next by their nature."""


@dataclass(frozen=True)
class Asker:
    """Somebody, or some program, at the door of one house."""

    name: str
    side: str
    """`stranger`, `staff`, `customer`, `key` or `operator`."""
    house: House
    section: str
    """Whose rows are theirs: `account:A`, or `house:T1` for whoever works for the whole house."""
    token: str = ""
    principal: Principal | None = None
    key: str = ""
    scope: str = ""

    def may(self, route: Route) -> bool:
        """What the route's mark says of them."""
        mark = route.access
        assert mark is not None
        if mark.kind in {"public", "platform", "signed"}:
            return True
        if mark.kind == "key":
            return mark.scope == self.scope
        if self.principal is None:
            return False
        if mark.kind == "own":
            return True
        least = mark.staff if self.principal.is_staff else mark.customer
        mine = self.principal.staff_role or self.principal.customer_role
        return least is not None and mine is not None and mine >= least


@dataclass(frozen=True)
class Ask:
    """One request."""

    route: Route
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: tuple[tuple[str, str], ...] | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Path and query."""
        address = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: quote(self.path[found[1]]), self.route.address)
        return f"{address}?{urlencode(self.query)}" if self.query else address

    def with_value(self, place: str, name: str, value: Any) -> "Ask":
        """The same with another value in one place: `path`, `query`, `form` or `body`."""
        if place == "form":
            assert self.form is not None
            rest = tuple(pair for pair in self.form if pair[0] != name)
            values = value if isinstance(value, list) else [value]
            return replace(self, form=(*rest, *((name, one) for one in values)))
        if place == "body":
            return replace(self, body=_put(self.body, name.split("."), value))
        if place == "path":
            return replace(self, path={**self.path, name: value})
        return replace(self, query={**self.query, name: value})

    def said(self) -> str:
        """As somebody would write it down."""
        words = [self.route.method, self.url]
        if self.form:
            words.append(urlencode([pair for pair in self.form if pair[0] != csrf.TOKEN_FIELD])[:300])
        if self.body is not None:
            words.append(json.dumps(self.body)[:300])
        return " ".join(words)


def _put(body: Any, names: list[str], value: Any) -> Any:
    head, *rest = names
    return {**body, head: _put(body.get(head) or {}, rest, value) if rest else value}


@dataclass(frozen=True)
class Answer:
    """What came back, and which tables were written meanwhile."""

    status: int
    headers: tuple[tuple[str, str], ...]
    text: str
    plain: str
    """The text without ids that were made just now."""
    written: frozenset[str]
    cookies: tuple[str, ...] = ()

    @property
    def is_fine(self) -> bool:
        """Whether it was done: 2xx, or 3xx that does not lead to the sign-in."""
        return 200 <= self.status < 400 and not self.is_shown_the_door

    @property
    def is_shown_the_door(self) -> bool:
        """Whether it says no to who asks: 401, 403, or the way to the sign-in."""
        return self.status in {401, 403} or "/sign-in" in dict(self.headers).get("location", "")

    def without(self, *ids: str) -> tuple[int, tuple[tuple[str, str], ...], str]:
        """What it is compared by: the ids that were asked with are taken out."""
        text, headers = self.plain, repr(self.headers)
        for one in ids:
            if one:
                for spelled in (one, quote(one), one.title(), one.upper()):
                    text, headers = text.replace(spelled, "ID"), headers.replace(spelled, "ID")
        return self.status, ((headers, ""),), text


class Desk:
    """Where askings are made."""

    def __init__(self, ground: Ground, world: World) -> None:
        self.ground, self.world = ground, world
        self.client = FlaskClient(ground.app, ground.app.response_class, use_cookies=False)
        self.calls = 0
        self.known = {one for section in world.rows for one in world.every_id(section)}

    def ask(self, who: Asker, what: Ask, *, host: str = "", keep: bool = False) -> Answer:
        """Make the request as somebody; all that it does is undone, unless `keep`."""
        if keep:
            self.ground.written.clear()
            return self._ask(who, what, host)
        with self.ground.taken_back():
            return self._ask(who, what, host)

    def _ask(self, who: Asker, what: Ask, host: str) -> Answer:
        self.calls += 1
        method, headers = what.route.method, {"X-Request-Id": "isolation", "User-Agent": "isolation", **what.headers}
        cookies = [f"mpanel-visit={VISIT}"] if not who.token else [f"{sessions.cookie_name(False)}={who.token}"]
        options: dict[str, Any] = {}
        if who.key:
            headers["X-API-Key"] = who.key
        elif method not in SAFE:
            headers[csrf.TOKEN_HEADER] = csrf.token_for(_secret(who))
        if what.form is not None:
            given = [pair for pair in what.form if pair[0] != csrf.TOKEN_FIELD]
            options["data"] = urlencode([*given, (csrf.TOKEN_FIELD, csrf.token_for(_secret(who)))])
            options["content_type"] = "application/x-www-form-urlencoded"
        elif what.body is not None:
            options["data"] = json.dumps(what.body)
            options["content_type"] = "application/json"
            if what.route.access is not None and what.route.access.kind == "signed":
                headers |= _signature(who.house, options["data"])
        headers["Cookie"] = "; ".join(cookies)
        response = self.client.open(
            what.url,
            method=method,
            headers=headers,
            base_url=f"http://{host or who.house.host}",
            buffered=True,
            **options,
        )
        try:
            return self._answer(response, what)
        finally:
            response.close()
            aftermath.take()

    def _answer(self, response: Any, what: Ask) -> Answer:
        """Without what is new in each answer: tokens of forms, and ids of rows that were made just now."""
        headers = tuple(
            sorted((name.lower(), value) for name, value in response.headers if name.lower() not in _UNTOLD)
        )
        cookies = tuple(sorted(value.partition("=")[0] for value in response.headers.getlist("Set-Cookie")))
        sent = f"{what.url} {what.form} {what.body}"
        text = _TOKEN.sub("TOKEN", _text(response.get_data()))
        plain = ID.sub(lambda found: found[0] if found[0] in self.known or found[0] in sent else "NEW", text)
        return Answer(response.status_code, headers, text, plain, frozenset(self.ground.written), cookies)


def _secret(who: Asker) -> bytes:
    return who.principal.csrf_secret if who.principal is not None else bytes.fromhex(VISIT)


def _signature(house: House, body: str) -> dict[str, str]:
    """What a provider of payments that knows the house's secret sends along."""
    with tenancy.as_tenant(house.tenant.id), db.transaction():
        secret = tenants.callback_secret()
    at = clock.now()
    return {
        "webhook-id": "msg_isolation",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_isolation", at, body),
    }


def _text(data: bytes) -> str:
    """The body as text; a workbook's cells, and what is no text at all in base64."""
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return "\n".join(book.read(name).decode("utf-8", "replace") for name in sorted(book.namelist()))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()


def askers(world: World, house_name: str = "T1", account: str = "A") -> list[Asker]:
    """Everybody at the door of one house, from the stranger to the owner, and the staff of the operator."""
    house = world.houses[house_name]
    found = [Asker("stranger", "stranger", house, f"house:{house_name}")]
    made = house.accounts[account]
    for role in Role:
        found.append(
            _person(world, house, made.people[role].id, f"customer {role.name}", "customer", f"account:{account}")
        )
    for role in Role:
        found.append(_person(world, house, house.staff[role].id, f"staff {role.name}", "staff", f"house:{house_name}"))
    for scope, key in house.keys.items():
        found.append(Asker(f"key {scope}", "key", house, f"house:{house_name}", key=key, scope=scope))
    return found


def operators(world: World) -> list[Asker]:
    """Those who look after the installation."""
    house = world.houses["T0"]
    return [
        _person(world, house, user.id, f"operator {role.name}", "operator", "house:T0")
        for role, user in house.staff.items()
    ]


def _person(world: World, house: House, user_id: Any, name: str, side: str, section: str) -> Asker:
    token = world.tokens[user_id]
    with tenancy.as_tenant(house.tenant.id), db.transaction(write=False):
        who = sessions.resolve(token)
    assert who is not None, f"{name} is not signed in"
    return Asker(name, side, house, section, token=token, principal=who)
