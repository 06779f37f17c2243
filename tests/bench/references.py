"""What the panel is measured against: the smallest application that does the same kind of thing.

Served by waitress with the panel's own number of threads. Grown from the
anchors behind the goals; they must never be made slower than those.
`python -m tests.bench.references PORT [URL]` serves them until it is told to
stop; those that read a table need the URL of one that `reference_data` filled.
"""

import datetime as dt
import sys

import waitress
from flask import Flask, render_template, request, url_for
from flask_wtf import FlaskForm
from jinja2 import DictLoader
from wtforms import PasswordField, StringField

THREADS = 4
FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
<link rel="stylesheet" href="{{ url_for('static', filename='app.css') }}"></head><body><main><h1>Sign in</h1>
<form method="post">{{ form.csrf_token }}<p>{{ form.email.label }} {{ form.email }}</p>
<p>{{ form.password.label }} {{ form.password }}</p><button>Sign in</button></form></main></body></html>"""
BASE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{% block title %}{% endblock %}</title>
<link rel="stylesheet" href="{{ url_for('static', filename='app.css') }}"></head><body>
<nav><ul>{% for ep, label in nav %}<li class="{{ 'active' if request.endpoint == ep else '' }}"><a href="{{ url_for(ep) }}">{{ label }}</a></li>{% endfor %}</ul></nav>
<main id="main">{% block main %}{% endblock %}</main><footer>{{ brand.name }} &middot; {{ brand.support }}</footer></body></html>"""
LIST = """{% extends 'base.html' %}{% from 'macros.html' import badge %}{% block title %}Invoices{% endblock %}
{% block main %}<h1>Invoices</h1><table><thead><tr><th>No</th><th>Client</th><th>Product</th><th>Status</th><th>Due</th><th>Total</th><th></th></tr></thead><tbody>
{% for r in rows %}<tr id="r{{ r.id }}"><td><a href="{{ href(r.id) }}">{{ r.number }}</a></td><td>{{ r.client }}<br><small>{{ r.email }}</small></td>
<td>{{ r.product }}</td><td>{{ badge(r.status) }}</td><td>{{ r.due_on|day }}</td><td class="num">{{ r.total_cents|money(r.currency) }}</td>
<td><button hx-post="{{ href(r.id) }}/remind" hx-target="#r{{ r.id }}">Remind</button></td></tr>
{% endfor %}</tbody></table><a hx-get="?after={{ last }}">More</a>{% endblock %}"""
MACROS = """{% macro badge(s) %}<span class="badge badge-{{ s }}">{{ s|capitalize }}</span>{% endmacro %}"""
STATES = ("paid", "unpaid", "overdue", "cancelled")
ROWS = [
    {
        "id": number,
        "number": f"INV-2026-{number:06d}",
        "client": f"Client {number % 997} & Sons",
        "email": f"user{number}@example.org",
        "status": STATES[number % 4],
        "total_cents": 1000 + number * 7,
        "currency": "EUR",
        "due_on": dt.date(2026, 1, 1) + dt.timedelta(days=number),
        "product": f"Web hosting plan {number % 5}",
    }
    for number in range(50)
]
NAV = ("Dashboard", "Services", "Domains", "Invoices", "Tickets", "Profile")


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Two fields and a token."""

    email = StringField("E-mail")
    password = PasswordField("Password")


def make(url: str | None = None) -> Flask:
    """R0 at `/hello`, R1 at `/page`, a bare form at `/form`; with a table R2 at `/core` and R3 at `/json_core`."""
    app = Flask("bench")
    app.secret_key = "bench"
    app.jinja_loader = DictLoader({"base.html": BASE, "form.html": FORM, "list.html": LIST, "macros.html": MACROS})
    app.jinja_env.filters["money"] = lambda cents, currency: f"{cents // 100:,}.{cents % 100:02d} {currency}"
    app.jinja_env.filters["day"] = lambda day: day.strftime("%d.%m.%Y")
    app.jinja_env.globals["brand"] = {"name": "ACME Hosting", "support": "help@example.org"}
    app.jinja_env.globals["nav"] = [("page", label) for label in NAV]

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    @app.get("/form")
    def form() -> str:
        return render_template("form.html", form=SignInForm())

    @app.get("/invoices/<int:id>")
    def invoice(id: int) -> str:
        return url_for("invoice", id=id)

    @app.get("/page")
    def page() -> str:
        return render_template("list.html", rows=ROWS, last=49, href=_href)

    if url is not None:
        _read_table(app, url)
    return app


def _href(number: int) -> str:
    return f"/invoices/{number}"


def _read_table(app: Flask, url: str) -> None:
    import sqlalchemy as sa
    from flask import jsonify

    from tests.bench import reference_data as data

    store, invoices, clients = data.engine(url), data.invoices.c, data.clients.c
    wanted = (
        sa.select(
            invoices.id, invoices.number, clients.name.label("client"), clients.email, invoices.product,
            invoices.status, invoices.due_on, invoices.total_cents, invoices.currency,
        )
        .join(data.clients, clients.id == invoices.client_id)
        .where(invoices.id < sa.bindparam("after"))
        .order_by(invoices.id.desc())
        .limit(50)
    )  # fmt: skip

    def after() -> dict[str, int]:
        return {"after": int(request.args.get("after", 10**9))}

    @app.get("/core")
    def core():
        with store.connect() as connection:
            rows = connection.execute(wanted, after()).all()
        return render_template("list.html", rows=rows, last=rows[-1].id, href=_href)

    @app.get("/json_core")
    def json_core():
        with store.connect() as connection:
            rows = connection.execute(wanted, after()).mappings().all()
        return jsonify(rows=[{**row, "due_on": str(row["due_on"])} for row in rows])


if __name__ == "__main__":
    found = make(sys.argv[2] if len(sys.argv) > 2 else None)
    waitress.serve(found, host="127.0.0.1", port=int(sys.argv[1]), threads=THREADS, ident=None, _quiet=True)
