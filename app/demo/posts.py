"""What the demo house tells on its blog, and what its customers say: made by the services themselves."""

from datetime import timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from app.demo.recorder import DEMO
from app.features.blog import service as blog
from app.features.blog.models import Post
from app.features.testimonials import service as testimonials
from app.features.testimonials.models import Testimonial
from app.kernel import clock, db, tenancy
from app.kernel.access import Principal, Role, acting

PRIYA, TOM, ELIF = "Priya Raman", "Tom Whitaker", "Elif Demir"


class Story(NamedTuple):
    """A post, and how many days ago it was published: less than none is to come, None is a draft."""

    title: str
    author: str
    category: str
    tags: tuple[str, ...]
    days_ago: int | None
    body: str


STORIES = (
    Story(
        "Free certificates for every domain, from the first minute",
        TOM,
        "News",
        ("TLS", "Domains"),
        118,
        """\
Every website with us now has a certificate **before** its first visitor comes. There is nothing to order,
and nothing to renew by hand.

## What changes for you

- A new domain is served over HTTPS as soon as its name points to us.
- Certificates are renewed 30 days before they run out.
- Where a renewal fails, we write to you and say which record is in the way.

## What stays as it is

If you bought a certificate elsewhere, it stays in place. We take over only when you remove it.
""",
    ),
    Story(
        "How we test our backups",
        ELIF,
        "Behind the scenes",
        ("Backups", "Reliability"),
        83,
        """\
A backup that nobody has restored is a hope. So we restore one of every hundred each night, at random, on a machine that
is thrown away afterwards.

## What we look at

1. Does the archive open with the key that we hold for it?
2. Are all files there, with the sizes that the list promises?
3. Does the database answer the ten questions that a shop asks most?

> In the last 90 nights we restored 412 backups. Two were slower than we promise. None was missing anything.

## What you can do

Press *Restore a copy* in your panel once a quarter. It makes a second site beside yours, and takes nothing away.
""",
    ),
    Story(
        "Moving WordPress to us in an afternoon",
        PRIYA,
        "How to",
        ("WordPress", "Moving"),
        52,
        """\
You do not have to know anybody's FTP password. You need an hour, a cup of tea, and the address of your present site.

## Before you begin

Lower the lifetime of your DNS records to 300 seconds the day before. Visitors then find the new place within minutes.

| Step | Takes | Who |
| --- | --- | --- |
| Copy of files and database | 20 minutes | us |
| A look at the copy | 10 minutes | you |
| Change of the DNS records | 5 minutes | you |

## While it moves

Write no new articles for half an hour. Orders in a shop that come in meanwhile stay at the old place, so put up
a notice.

## Afterwards

Leave the old site where it is for a week. If something is missing, it is still there.
""",
    ),
    Story(
        "A second data centre, eleven kilometres from the first",
        TOM,
        "News",
        ("Reliability", "Bristol"),
        27,
        """\
Since last Tuesday everything you keep with us lies in two places. If the first one goes dark, the second takes over
within a minute.

## Why eleven kilometres

Near enough that a write is confirmed in both in under a millisecond. Far enough that one flood, fire or excavator does
not reach both.

## What it costs you

Nothing. It is part of every plan from Business up, and Starter plans keep their nightly copy there.
""",
    ),
    Story(
        "Why mail lands in spam, and what to do about it",
        PRIYA,
        "How to",
        ("E-mail", "DNS"),
        9,
        """\
Three records decide whether a stranger's mail server believes you. Ours are set up for you; if your DNS is elsewhere,
this is what to copy.

## SPF: who may send

One line that names our servers: `v=spf1 include:_spf.harbourline.example.com -all`.

## DKIM: that nobody changed it

Your panel shows the key under **Domains**. Copy it whole, including the part that looks like noise.

## DMARC: what to do with the rest

Begin with `p=none`, read the reports for two weeks, and only then say `p=quarantine`.
""",
    ),
    Story(
        "Closed over the holidays? We are not",
        ELIF,
        "News",
        ("Support",),
        -20,
        """\
Support answers every day, also on 25 December and 1 January. On these two days from 9 to 17, else from 7 to 23 as
always.
""",
    ),
    Story(
        "What a year of tickets taught us",
        PRIYA,
        "Behind the scenes",
        ("Support",),
        None,
        """\
Notes so far: most questions come on Monday before ten, and a third of them are about three records.
""",
    ),
)

QUOTES: tuple[dict[str, Any], ...] = (
    {"name": "Marta Kowalczyk", "title": "Owner", "company": "Quayside Bikes", "stars": 5, "is_featured": True,
     "quote": "Our shop went down on the first warm Saturday of the year. Tom rang me before I had found the number."},
    {"name": "Daniel Osei", "title": "Head of IT", "company": "Severn Valley Schools", "stars": 5, "is_featured": True,
     "quote": "Forty-one school sites moved in two weekends. On Monday nobody noticed, which is all I wanted."},
    {"name": "Hannah Brooks", "title": "Editor", "company": "The Harbour Paper", "stars": 4,
     "quote": "The panel says what will happen and when. I have not read a manual since."},
    {"name": "Luca Ferri", "title": "", "company": "Ferri Furniture", "stars": 5,
     "quote": "I asked a silly question at eleven at night and got a kind answer at seven."},
    {"name": "Aisha Rahman", "title": "Developer", "company": "Northlight Studio", "stars": 5,
     "quote": "Backups that I have really restored, twice, without writing to anybody."},
)  # fmt: skip
WAITING: dict[str, Any] = {
    "name": "Ben Carver", "title": "Treasurer", "company": "Rowing Club Avonside", "stars": 4,
    "quote": "Invoices that our auditor understands. The rest works too.",
}  # fmt: skip


def load() -> None:
    """Tell them in the tenant that is set; nothing where posts or testimonials are already."""
    with acting(DEMO), db.transaction():
        if db.session().scalar(sa.select(Post.id).limit(1)) is None:
            who = Principal(tenancy.current(), staff_role=Role.ADMIN)
            for story in STORIES:
                _tell(who, story)
        if db.session().scalar(sa.select(Testimonial.id).limit(1)) is None:
            for said in QUOTES:
                testimonials.approve(testimonials.create(**said))
            testimonials.create(**WAITING)


def _tell(who: Principal, story: Story) -> None:
    now = clock.now()
    given = {"title": story.title, "body": story.body, "category": story.category, "tags": story.tags}
    with clock.moved_to(now - timedelta(days=max(story.days_ago or 0, 0), hours=3)):
        post = blog.create(who, author_name=story.author, **given)
        if story.days_ago is not None and story.days_ago >= 0:
            blog.publish(post)
    if story.days_ago is not None and story.days_ago < 0:
        blog.schedule(post, now - timedelta(days=story.days_ago))
