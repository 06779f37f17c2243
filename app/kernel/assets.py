"""Static files under names that bear their content's hash, with compressed siblings, cached for ever.

The folder is made once per content: a later start with the same files finds it
and copies nothing. Third-party files carry their version in the name already.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

PREFIX = "/static/"


@dataclass(frozen=True)
class Assets:
    """The prepared folder and where each file is reached."""

    folder: Path
    addresses: dict[str, str]

    def address(self, name: str) -> str:
        """The URL of the file that the sources call `name`.

        Raises:
            KeyError: there is no such file.
        """
        return self.addresses[name]

    def serve(self, application: Any) -> Any:
        """A WSGI application that answers for the files and hands on the rest."""
        immutable = set(self.addresses.values())
        return WhiteNoise(
            application,
            root=str(self.folder),
            prefix=PREFIX,
            max_age=3600,
            immutable_file_test=lambda _path, url: url in immutable,
            add_headers_function=_add_headers,
        )


def prepare(source: Path, made: Path) -> Assets:
    """Copy `source` into a folder below `made` named by its content, unless it is there."""
    files = sorted(path for path in source.rglob("*") if path.is_file())
    hashes = {path: hashlib.sha256(path.read_bytes()).hexdigest()[:10] for path in files}
    names = {path: path.relative_to(source).as_posix() for path in files}
    whole = hashlib.sha256("".join(f"{names[path]}:{hashes[path]};" for path in files).encode()).hexdigest()[:16]
    folder = made / f"static-{whole}"
    addresses = {names[path]: PREFIX + _address(names[path], hashes[path]) for path in files}
    if not folder.exists():
        _make(folder, {path: (names[path], addresses[names[path]].removeprefix(PREFIX)) for path in files})
    return Assets(folder, addresses)


def _address(name: str, digest: str) -> str:
    if name.startswith("vendor/"):
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem}.{digest}{dot}{ending}"


def _make(folder: Path, files: dict[Path, tuple[str, str]]) -> None:
    draft = folder.with_name(f".{folder.name}-{os.getpid()}")
    compressor = Compressor(use_brotli=False, quiet=True)
    for path, targets in files.items():
        for target in set(targets):
            copy = draft / target
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            if compressor.should_compress(copy.name):
                for _ in compressor.compress(str(copy)):
                    pass
    try:
        draft.rename(folder)
    except OSError:  # another process was first
        shutil.rmtree(draft)


def _add_headers(headers: Headers, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
