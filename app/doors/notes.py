"""Flask's session: it holds toasts between two pages and nothing else, so most requests neither open nor save it."""

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin


class Notes(SecureCookieSessionInterface):
    """The signed cookie, touched only where it was sent or something was put into it."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie holds; without making a signer where there is no cookie."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie where it has to change."""
        if session.modified:
            super().save_session(app, session, response)
