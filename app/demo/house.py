"""The demo house: a dozen customers of the last days, made by the services themselves, one in each situation."""

import random
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.demo import acts, articles, people, posts
from app.demo.acts import PROMO, Kind, Story
from app.demo.people import Person
from app.demo.recorder import DEMO
from app.features.accounts import service as accounts
from app.kernel import clock, crypto, db
from app.kernel.access import acting

DAYS_BACK = 13
"""How far back the first signed up: less than the 14 days in which an invoice falls due."""


@dataclass(frozen=True)
class DemoLogin:
    """Somebody to sign in as, and how many customers were made."""

    email: str
    password: str
    made: int


@dataclass(frozen=True)
class Situation:
    """What somebody ordered, and how far it has come: `unpaid`, `paid`, `waiting`, `ready` or `suspended`."""

    plan: str
    cycle: str
    gateway: str
    reached: str
    promo_code: str | None = None


SITUATIONS = (
    Situation("shared-business", "oneYear", "stripe", "ready", PROMO),
    Situation("shared-starter", "monthly", "bank", "ready"),
    Situation("shared-starter", "monthly", "external", "ready"),
    Situation("shared-professional", "oneYear", "stripe", "ready", PROMO),
    Situation("shared-business", "monthly", "stripe", "suspended"),
    Situation("shared-enterprise", "oneYear", "bank", "ready"),
    Situation("shared-starter", "oneYear", "stripe", "ready"),
    Situation("shared-business", "quarterly", "bank", "unpaid"),
    Situation("shared-starter", "monthly", "bank", "unpaid", PROMO),
    Situation("shared-professional", "monthly", "stripe", "waiting"),
    Situation("shared-business", "oneYear", "external", "waiting"),
    Situation("shared-enterprise", "monthly", "bank", "unpaid"),
)
"""In the order in which they sign up."""


def load() -> DemoLogin:
    """Make one customer for each of `SITUATIONS` in the tenant that is set, and what it tells; a login for one."""
    password = secrets.token_urlsafe(9)
    password_hash = crypto.hash_password(password)
    began, first = clock.now(), ""
    for number, situation in enumerate(SITUATIONS):
        chance = random.Random(f"house/{number}")
        person = people.somebody(chance)
        came = began - timedelta(days=DAYS_BACK * (1 - number / len(SITUATIONS)), minutes=chance.randrange(5, 200))
        with acting(DEMO):
            story = _live(person, situation, came)
            if not first:
                first = person.email
                with db.transaction():
                    accounts.give_password(story.user, password_hash)
    posts.load()
    with acting(DEMO):
        articles.write(began=began - timedelta(days=DAYS_BACK))
    return DemoLogin(first, password, len(SITUATIONS))


def _live(person: Person, situation: Situation, came: datetime) -> Story:
    """Tell their story, each act at its moment."""
    kind = Kind(situation.plan, situation.cycle, situation.promo_code, bool(person.company))
    with clock.moved_to(came):
        story = acts.sign_up(person, kind, gateway=situation.gateway)
    if situation.reached == "unpaid":
        return story
    paid = came + timedelta(minutes=4)
    with clock.moved_to(paid):
        acts.pay(story, reference=f"{situation.gateway[:2].upper()}-{story.invoice_id.hex[-8:]}")
    with clock.moved_to(paid + timedelta(seconds=2)):
        acts.hand_over(story)
    if situation.reached == "waiting":
        return story
    with clock.moved_to(paid + timedelta(minutes=35)):
        acts.set_up(story)
    if situation.reached == "suspended":
        with clock.moved_to(paid + timedelta(days=3)):
            acts.suspend(story)
        with clock.moved_to(paid + timedelta(days=3, minutes=12)):
            acts.hand_over(story)
    return story
