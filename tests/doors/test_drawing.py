"""The house's way to compile templates draws what Jinja's own draws."""

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from flask.templating import Environment
from jinja2 import DictLoader, Undefined
from markupsafe import Markup, escape

from app.doors.drawing import Drawing, escaped

PAGES = {
    "base.html": "{% for n in [1, 2] %}{{ n }},{% endfor %}<{% block title %}none{% endblock %}>"
    "{% block main %}{% block inner %}base {{ who }}{% endblock %}{% endblock %}|{% block foot %}foot{% endblock %}",
    "page.html": "{% extends 'base.html' %}{% import 'macros.html' as m %}{% block title %}{{ super() }} & {{ who }}"
    "{% endblock %}{% block main %}{% if rows %}{% block rows %}{% set n = namespace(sum=0) %}"
    "{% for name, count in rows if count %}{% set n.sum = n.sum + count %}{{ loop.index }} {{ name }} {{ m.b(name) }}"
    "{% else %}nobody{% endfor %} {{ n.sum }}{% endblock %}{% endif %}{% call m.box('<t>') %}{{ who }}{% endcall %}"
    "{% set kept %}{{ who }}{% endset %}{{ kept }}{{ self.title() }}{% include 'part.html' %}{% endblock %}",
    "macros.html": "{% macro b(text) %}<b>{{ text }}</b>{% endmacro %}"
    "{% macro box(t) %}[{{ t }} {{ caller() }}]{% endmacro %}",
    "part.html": "{% for x in rows %}{{ x|length }}{% endfor %}{{ missing }}{{ none }}{{ 1.5 }}{{ who|e }}",
}


@pytest.mark.parametrize("rows", [[("<a>", 1), ("b & 'c'", 2), ("none", 0)], [], [("x", 0)]])
def test_a_page_is_the_same_as_jinja_draws_it(rows: list[tuple[str, int]]) -> None:
    """Inheritance, super, macros, calls, sets, includes, loops with conditions, and what is escaped."""
    context: Mapping[str, Any] = {"who": "<me> & \"you\" 'they'", "rows": rows}
    usual, ours = (kind(Flask("x"), loader=DictLoader(PAGES), autoescape=True) for kind in (Environment, Drawing))

    assert ours.get_template("page.html").render(context) == usual.get_template("page.html").render(context)


def test_a_block_is_handed_on_in_one_piece() -> None:
    """So that no row of a list goes through every generator above it."""
    text = "{% block rows %}{% for x in rows %}{{ x }} {% endfor %}{% endblock %}"
    drawn = Drawing(Flask("x")).from_string(text)

    assert list(drawn.blocks["rows"](drawn.new_context({"rows": ["a", "b"]}))) == ["a b "]


@pytest.mark.parametrize("value", ["<&>\"'", "plain", Markup("<b>"), None, 7, 1.5, True, Undefined(), ["<"]])
def test_what_is_escaped_reads_as_ever(value: object) -> None:
    """The same text as markupsafe's own; markup stays markup."""
    assert escaped(value) == str(escape(value))
