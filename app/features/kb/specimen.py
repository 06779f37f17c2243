"""Articles in every state, made through the service."""

from app.features.kb import publishing, service, topics, votes
from app.features.kb.models import Article
from app.features.kb.service import Words

BODY = """Open **Settings**.

## Add the account

1. Enter the server.
2. Enter the password.

## If it fails

Write to us."""

SHOWN = {"kb_articles": "published_revision IS NOT NULL AND state <> 'archived'"}


def make(tag: str = "specimen") -> Article:
    """One that readers find, under a topic, with a draft over it and an address that it had before."""
    topic = topics.create(f"{tag.title()} mail", description=f"All about {tag}", icon="mail")
    first = Words(title=f"Set up {tag} mail", body=BODY, tags=("imap", tag), slug=f"mail-{tag}", category_id=topic.id)
    article = service.create(first)
    publishing.publish(article)
    moved = Words(title=first.title, body=BODY, tags=first.tags, slug=f"set-up-{tag}", category_id=topic.id)
    service.save(article, moved, seen=article.revision)
    publishing.publish(article)
    later = Words(title=first.title, body=f"{BODY}\n\nSoon: {tag}.", tags=first.tags, category_id=topic.id)
    service.save(article, later, seen=article.revision)
    voter = votes.voter(visit=tag)
    votes.vote(article.id, voter=voter, is_helpful=True, comment=f"Thanks from {tag}")
    return article


def in_house(tag: str) -> None:
    """The same, one that nobody but staff sees, one to be read over and one that is archived."""
    topics.create(f"{tag.title()} empty")
    make(tag)
    service.create(Words(title=f"Draft of {tag}", body=f"Not yet, {tag}."))
    service.ask_review(service.create(Words(title=f"Review of {tag}", body=f"Read me, {tag}.")))
    gone = service.create(Words(title=f"Gone with {tag}", body=f"Once, {tag}."))
    publishing.publish(gone)
    publishing.archive(gone)
