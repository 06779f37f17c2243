"""Test clients: a browser's view of the panel, in the test's own transaction."""

import contextlib
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import object_session
from werkzeug.test import TestResponse

from app.config import current
from app.features.audit import service as audit
from app.features.sessions import service as sessions
from app.kernel import aftermath, csrf, db, tenancy

SAFE = {"GET", "HEAD", "OPTIONS"}


class PanelClient(FlaskClient):
    """Asks as one person, on one tenant's host.

    Writes bear the form token by themselves, as the pages do; `csrf=False`
    leaves it out. Rows that the test holds are sent to the store before a
    request and read anew after it.
    """

    tenant_id: UUID | None = None
    host: str = ""
    token: str = ""

    def open(self, *args: Any, csrf: bool = True, **kwargs: Any) -> TestResponse:
        """Make a request, and let the test see what it changed."""
        kwargs.setdefault("base_url", f"{urlsplit(current().app_url).scheme}://{self.host}")
        if csrf and str(kwargs.get("method", "GET")).upper() not in SAFE:
            self._add_token(kwargs)
        if db.has_session():
            db.session().flush()
            audit.write_out()
        try:
            return super().open(*args, **kwargs)
        finally:
            if db.has_session():
                _read_anew(db.session())
                aftermath.collect()

    def sign_in(self, user: Any, *, tenant_id: UUID) -> "PanelClient":
        """Bear a login of `user`, made without a password."""
        with tenancy.as_tenant(tenant_id), db.transaction():
            _row, self.token = sessions.start(user, ip="127.0.0.1", user_agent="Mozilla/5.0 (X11; Linux) Firefox/140.0")
        if object_session(user) is not None:
            with tenancy.as_tenant(tenant_id):
                db.session().flush()  # the login touched the test's own row of this user
        self.tenant_id = tenant_id
        self.set_cookie(sessions.cookie_name(current().is_https), self.token, domain=self.host.partition(":")[0])
        return self

    def form_token(self) -> str:
        """A token as the forms of this login (or visit) bear it."""
        return csrf.token_for(self._secret())

    def _add_token(self, kwargs: dict[str, Any]) -> None:
        token = self.form_token()
        data = kwargs.get("data")
        if "json" in kwargs or (data is not None and not isinstance(data, dict)):
            kwargs["headers"] = {csrf.TOKEN_HEADER: token, **dict(kwargs.get("headers") or {})}
        elif "X-API-Key" not in dict(kwargs.get("headers") or {}):
            kwargs["data"] = {csrf.TOKEN_FIELD: token, **(data or {})}

    def _secret(self) -> bytes:
        domain = self.host.partition(":")[0]
        login = self.get_cookie(sessions.cookie_name(current().is_https), domain)
        if login is not None and self.tenant_id is not None:
            with tenancy.as_tenant(self.tenant_id), db.transaction(write=False):
                who = sessions.resolve(login.value)
            if who is not None:
                return who.csrf_secret
        name = "__Host-mpanel-visit" if current().is_https else "mpanel-visit"
        visit = self.get_cookie(name, domain)
        if visit is None:
            secret = csrf.new_secret()
            self.set_cookie(name, secret.hex(), domain=domain)
            return secret
        return bytes.fromhex(visit.value)


def open_client(app: Flask, *, host: str, tenant_id: UUID | None) -> PanelClient:
    """A client of `app` on `host`, of somebody who is not signed in."""
    client = PanelClient(app, app.response_class, use_cookies=True)
    client.host, client.tenant_id = host, tenant_id
    return client


def _read_anew(session: db.PanelSession) -> None:
    """Let the rows that the test holds show what the request has made of them.

    They are read when next touched; those of another tenant at once, in its name.
    """
    for row in list(session):
        owner = row.__dict__.get("tenant_id") if isinstance(row, tenancy.TenantRecord) else None
        if owner is None or not tenancy.is_set() or owner == tenancy.current():
            session.expire(row)
            continue
        with tenancy.as_tenant(owner), contextlib.suppress(InvalidRequestError):
            session.refresh(row)
