"""Addresses are written as Werkzeug writes them, whenever that is compiled."""

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.doors.addressing import Address


def made(kind: type[Rule]) -> list[str]:
    app = Flask("small")
    app.url_rule_class = kind
    app.add_url_rule("/", "home", str)
    app.add_url_rule("/things/<int:number>/<path:rest>", "thing", str)
    app.add_url_rule("/pages/", "pages", str, defaults={"page": 1})
    app.add_url_rule("/pages/<int:page>", "pages", str)
    with app.test_request_context():
        write = app.url_for
        return [
            write("home"), write("home", q="a b", page=2), write("thing", number=7, rest="a/ü", x="&"),
            write("pages", page=1), write("pages", page=3), write("pages", page=3), write("home", _external=True),
        ]  # fmt: skip


def test_addresses_are_written_as_ever():
    assert made(Address) == made(Rule)


@pytest.mark.both_stores
@pytest.mark.parametrize("path", ["/help/{}", "/help/topics/{}", "/help/{}/vote", "/blog/{}", "/brand/{}.css"])
def test_what_no_store_can_hold_is_found_nowhere(client, tenant, path):
    for words in ("%00", "a%00b"):
        assert client.get(path.format(words)).status_code == 404
