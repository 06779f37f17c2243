"""Files that belong to rows: written whole or not at all, in a private folder that no web server serves.

A key is a path below the folder, made by us from ids, never from somebody's words. On several machines
the folder is a shared one.
"""

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from app.kernel import clock

_KEY = re.compile(r"[0-9a-f-]{36}/[0-9a-f]{2}/[0-9a-f-]{36}\.[a-z]{3,4}")
_PART = ".part-"


class _State:
    """What `configure` has set."""

    folder: Path | None = None


def configure(folder: Path) -> None:
    """Keep files below `folder`; it is made when the first is written."""
    _State.folder = folder


def path_of(key: str) -> Path:
    """Where the file of `key` is, or would be.

    Raises:
        ValueError: that is no key of ours.
        RuntimeError: `configure` has not run.
    """
    if _State.folder is None:
        raise RuntimeError("no folder for files is configured")
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key of a file")
    return _State.folder / key


def put(key: str, body: bytes) -> None:
    """Write the file of `key`, on the disk when this returns; a reader finds the whole of it or nothing."""
    path = path_of(key)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{_PART}{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def is_there(key: str) -> bool:
    """Whether there is a file of `key`."""
    return path_of(key).is_file()


def remove(key: str) -> None:
    """Remove the file of `key`, if there is one."""
    path_of(key).unlink(missing_ok=True)


def keys_below(owner: str, *, older_than: float) -> Iterator[str]:
    """The keys of `owner`'s files that nobody has written for so many seconds.

    Halves that a killed process left behind are removed on the way.
    """
    if _State.folder is None:
        raise RuntimeError("no folder for files is configured")
    before = clock.now().timestamp() - older_than
    for path in sorted((_State.folder / owner).glob("*/*")):
        key = path.relative_to(_State.folder).as_posix()
        try:
            is_young = path.stat().st_mtime >= before
        except FileNotFoundError:  # removed since it was listed
            continue
        if is_young:
            continue
        if path.name.startswith(_PART):
            path.unlink(missing_ok=True)
        elif _KEY.fullmatch(key):
            yield key
