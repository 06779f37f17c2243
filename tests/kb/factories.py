"""Articles, made through the service."""

from typing import Any

from app.features.kb import publishing, service, topics
from app.features.kb.models import Article, Category
from app.features.kb.service import Words
from app.kernel import db

BODY = "Open **Settings**, then Mail.\n\n## Add the account\n\nEnter the server `mail.example.com` and your password."


def make_article(title: str = "Set up mail on iPhone", body: str = BODY, **given: Any) -> Article:
    """A draft."""
    article = service.create(Words(title=title, body=body, **given))
    db.session().flush()
    return article


def make_published(title: str = "Set up mail on iPhone", body: str = BODY, **given: Any) -> Article:
    """One that readers find."""
    article = make_article(title, body, **given)
    publishing.publish(article)
    return article


def make_topic(name: str = "E-mail", **given: str) -> Category:
    """A topic."""
    return topics.create(name, **given)
