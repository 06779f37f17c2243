"""One line each, as JSON, without a secret, a control character or a flood."""

import io
import json
import logging

import pytest
import structlog

from app.kernel import logs

SECRETS = {
    "Authorization: Bearer abcdef.ghijkl-mnopqr": "abcdef.ghijkl-mnopqr",
    "GET /set-password?token=Zm9vYmFyYmF6": "Zm9vYmFyYmF6",
    "password=hunter2hunter2&x=1": "hunter2",
    '{"password": "hunter2hunter2"}': "hunter2",
    "X-API-Key: mk_WPMQu9R9btECWOZww": "WPMQu9R9btECWOZww",
    "key mk_WPMQu9_R9btECWOZwwWBEzeq6T07g was refused": "R9btECWOZww",
    "Cookie: mpanel=s3cr3t-session; other=1": "s3cr3t-session",
    "smtp://panel:s3cr3tpw@mail.example:587": "s3cr3tpw",
}


@pytest.fixture
def lines():
    """What is logged inside the test, parsed."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure(stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_masked_wherever_it_stands(lines, text):
    logs.get("test").warning(text, detail=text, listed=[text], nested={"x": text})
    logging.getLogger("library").warning("it said %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        logs.get("test").exception("broke")

    assert len(lines()) == 3
    assert SECRETS[text] not in json.dumps(lines())


def test_values_under_secret_names_are_masked(lines):
    logs.get("test").info("x", token="abc", smtp_password="abc", headers={"Cookie": "abc", "Accept": "text/html"})

    line = lines()[0]
    assert (line["token"], line["smtp_password"]) == ("***", "***")
    assert line["headers"] == {"Cookie": "***", "Accept": "text/html"}


@pytest.mark.parametrize("text", ["a\r\nb", "a\x1b[31mb", 'a"}\n{"event": "forged"}', "a\u2028b", "a\u202eb", "a\x00b"])
def test_what_a_stranger_sends_stays_one_line(lines, text):
    logs.request_line(method="GET", path=text, status=404, ms=1.0, request_id="r1")

    assert len(lines()) == 1
    assert lines()[0]["event"] == "request"
    assert "\x1b" not in lines()[0]["path"] and "\r" not in lines()[0]["path"]


def test_a_megabyte_is_cut(lines):
    logs.request_line(method="G" * 1000, path="/" + "x" * 10**6, status=404, ms=1.0, request_id="r1")

    assert len(json.dumps(lines()[0])) < 2048


def test_the_line_of_a_request_has_no_query(lines):
    logs.request_line(method="GET", path="/r?token=abc", status=200, ms=12.345, request_id="r1", tenant="t", user="u")

    line = lines()[0]
    assert line["path"] == "/r"
    assert (line["ms"], line["status"], line["tenant"], line["user"]) == (12.3, 200, "t", "u")


def test_a_webhooks_secret_is_masked_whatever_signs_it_has():
    assert logs.clean("sealed whsec_a+b/cd+/EFGH0123456789== here") == "sealed whsec_*** here"
