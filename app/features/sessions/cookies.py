"""The cookie that holds a login's token, put on an answer and taken off."""

from flask import Response

from app.config import current as settings
from app.features.sessions import service


def with_login(target: str, token: str) -> Response:
    """To `target`, as whoever holds `token` from now on."""
    answer = Response(status=303, headers={"Location": target})
    answer.set_cookie(
        service.cookie_name(settings().is_https),
        token,
        max_age=service.LASTS,
        secure=settings().is_https,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return answer


def without_login(target: str) -> Response:
    """To `target`, as nobody."""
    answer = Response(status=303, headers={"Location": target})
    answer.delete_cookie(
        service.cookie_name(settings().is_https),
        secure=settings().is_https,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return answer
