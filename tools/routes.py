"""Print docs/routes.md: every address, who may use it, and the file behind it. `make routes` writes it."""

import sys
import tempfile
from pathlib import Path

from flask import Flask

from app import create_app
from app.config import load
from app.kernel import buffer, db, jobs
from app.kernel.routemap import routes_of

HEAD = """# Routes

Made by `make routes` from the route map; do not edit. "Who" is the mark of `app/kernel/access.py` on the view:
roles are the least that suffices, on the staff's and on the customer's side.

| method | address | who | file |
| --- | --- | --- | --- |
"""


def page(app: Flask) -> str:
    """The whole of docs/routes.md."""
    lines = [
        f"| {route.method} | `{route.address}` | {route.who} | `{route.module.replace('.', '/')}.py` |"
        for route in routes_of(app)
    ]
    return HEAD + "\n".join(lines) + "\n"


def main() -> None:
    """Print the page."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load({"MPANEL_DATA": folder, "DATABASE_URL": f"sqlite:///{Path(folder) / 'none.db'}"}))
        sys.stdout.write(page(app))
        buffer.close()
        jobs.close()
        db.dispose()


if __name__ == "__main__":
    main()
