"""Structured logs: one line of JSON each, to standard error, with no secret in them."""

import json
import logging
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TextIO

from app.kernel import clock
from app.kernel.late import absent

with absent("rich", "better_exceptions", "colorama"):  # for colours on a developer's terminal
    import structlog

MOST_CHARACTERS = 1024
"""Longer texts are cut: nobody fills the disk with a user agent."""
MOST_TRACE = 8192
MASK = "***"

_SECRET_NAMES = re.compile(
    r"authorization|cookie|passw|secret|token|api.?key|csrf|smtp_url|database_url|redis_url|signature|totp", re.I
)
_HARMLESS_NAMES = {"lease_token"}
_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), r"\1 ***"),
    (
        re.compile(
            r"(?i)((?:token|secret|password|passwd|api[_-]?key|x-api-key|csrf_token)[\"']?\s*[=:]\s*[\"']?)"
            r"[^\s\"'&,;}]+"
        ),
        r"\1***",
    ),
    (re.compile(r"(?i)((?:set-)?cookie[\"']?\s*[=:]\s*)[^\r\n]+"), r"\1***"),
    (re.compile(r"\b(mk|mp|mpanel|whsec|sk|rk)_[A-Za-z0-9_+/=-]{8,}"), r"\1_***"),
    (re.compile(r"(://[^\s/:@]*):[^\s/@]+@"), r"\1:***@"),
)
_HARMLESS = re.compile(r"[A-Za-z0-9/.-]*")
"""None of these characters begins or parts a secret: most values of a line need no closer look."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def get(name: str) -> Any:
    """A logger whose lines bear `name`."""
    return structlog.get_logger(name)


class _Out:
    """Where `configure` sends every line."""

    handler: logging.StreamHandler[TextIO] | None = None
    takes_requests = False


def configure(*, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send everything, that of libraries too, as JSON lines to `stream` (standard error by default)."""
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _mask,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _Out.handler, _Out.takes_requests = handler, root.isEnabledFor(logging.INFO)
    for noisy in ("werkzeug", "alembic", "huey", "waitress.queue"):
        logging.getLogger(noisy).setLevel("WARNING" if noisy != "waitress.queue" else "ERROR")
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def request_line(
    *,
    method: str,
    path: str,
    status: int,
    ms: float,
    request_id: str,
    tenant: object = None,
    user: object = None,
    address: str = "",
) -> None:
    """The one line of a request. `path` is without its query; `tenant` and `user` are ids.

    It has the shape of every other line, but is put together here: what structlog and `logging` do on the way
    takes ten times as long, and this is written at each request.
    """
    handler = _Out.handler
    if handler is None or not _Out.takes_requests:
        return
    values = {
        "method": clean(method[:16]),
        "path": clean(path.partition("?")[0]),
        "status": status,
        "ms": round(ms, 1),
        "request_id": clean(request_id),
        "tenant": str(tenant) if tenant else None,
        "user": str(user) if user else None,
        "address": clean(address) or None,
        "event": "request",
        "logger": "request",
        "level": "info",
        "timestamp": clock.now().isoformat()[:-6] + "Z",
    }
    _write(handler, json.dumps({name: value for name, value in values.items() if value is not None}))


def _write(handler: logging.StreamHandler[TextIO], line: str) -> None:
    """Whole lines, one after the other, whichever thread they come from; never a fault."""
    handler.acquire()
    try:
        handler.stream.write(line + "\n")
        handler.flush()
    except (OSError, ValueError):  # the pipe is gone, or closed: nobody is there to be told
        return
    finally:
        handler.release()


def problem(event: str, **values: object) -> None:
    """Something went wrong that a person should look at."""
    get("panel").error(event, **values)


def clean(text: str, most: int = MOST_CHARACTERS) -> str:
    """`text` as it may be kept and shown: no secret, no control characters, cut to `most` characters."""
    if len(text) <= most and _HARMLESS.fullmatch(text):
        return text
    text = text if len(text) <= most * 4 else text[: most * 4]
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    text = _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _mask(_logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(name)[:64]: _plain(value, MOST_TRACE if name in {"exception", "traceback"} else MOST_CHARACTERS)
        if not _is_secret(str(name))
        else MASK
        for name, value in event.items()
        if value is not None
    }


@lru_cache(maxsize=500)
def _is_secret(name: str) -> bool:
    return name not in _HARMLESS_NAMES and _SECRET_NAMES.search(name) is not None


def _plain(value: Any, most: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {
            str(name)[:64]: MASK if _is_secret(str(name)) else _plain(inner, most)
            for name, inner in list(value.items())[:50]
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner, most) for inner in list(value)[:50]]
    return clean(str(value), most)
