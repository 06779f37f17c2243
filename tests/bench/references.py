"""What the panel is measured against: the smallest application that does the same kind of thing.

Served by waitress with the panel's own number of threads. Grown from the
anchors behind the goals; they must never be made slower than those.
`python -m tests.bench.references PORT` serves them until it is told to stop.
"""

import sys

import waitress
from flask import Flask, render_template
from flask_wtf import FlaskForm
from jinja2 import DictLoader
from wtforms import PasswordField, StringField

THREADS = 4
FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
<link rel="stylesheet" href="{{ url_for('static', filename='app.css') }}"></head><body><main><h1>Sign in</h1>
<form method="post">{{ form.csrf_token }}<p>{{ form.email.label }} {{ form.email }}</p>
<p>{{ form.password.label }} {{ form.password }}</p><button>Sign in</button></form></main></body></html>"""


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Two fields and a token."""

    email = StringField("E-mail")
    password = PasswordField("Password")


def make() -> Flask:
    """R0 at `/hello`; a bare page with a form and its CSRF token at `/form`."""
    app = Flask("bench")
    app.secret_key = "bench"
    app.jinja_loader = DictLoader({"form.html": FORM})

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    @app.get("/form")
    def form() -> str:
        return render_template("form.html", form=SignInForm())

    return app


if __name__ == "__main__":
    waitress.serve(make(), host="127.0.0.1", port=int(sys.argv[1]), threads=THREADS, ident=None, _quiet=True)
