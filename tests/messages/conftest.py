"""What tests of mails need besides: a mail server that is set up, and a breaker that starts whole."""

import dataclasses
from collections.abc import Iterator

import pytest

from app import config
from app.features.messages import servers
from app.features.tenants import mailing
from tests.support.mail import MailServer


@pytest.fixture(autouse=True)
def _whole_breaker() -> Iterator[None]:
    mailing.forget()
    servers.forget()
    yield
    mailing.forget()
    servers.forget()


@pytest.fixture
def smtp(mail_server: MailServer, panel_app: object) -> Iterator[MailServer]:
    """The mail server, with `SMTP_URL` naming it."""
    before = config.current()
    config.use(dataclasses.replace(before, smtp_url=mail_server.url, mail_from="panel@harbourline.example"))
    yield mail_server
    config.use(before)
