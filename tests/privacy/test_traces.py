"""What is left of somebody who came by themselves, invited others and changed their address: nothing that can be read."""

import re

import pytest
import sqlalchemy as sa

from app.features.accounts.models import Customer, User
from app.features.audit import service as audit
from app.features.messages import rendering
from app.features.messages import service as messages
from app.features.messages.models import EmailMessage
from app.features.privacy import erasing
from app.features.provisioning import specimen as provisioning
from app.kernel import db
from app.kernel.access import Role
from tests.accounts.factories import PASSWORD
from tests.people.factories import make_invitation
from tests.privacy.factories import everything

pytestmark = pytest.mark.both_stores

HERE = {"environ_base": {"REMOTE_ADDR": "203.0.113.77"}, "headers": {"User-Agent": "Zweiglein/9"}}
TRACES = ("zuzanna", "zweig", "203.0.113.77", "zuckerhut")
"""In lower case: her names, her addresses, her program, and the address of whom she invited."""


def link_to(address: str, *, is_link: bool = True) -> str:
    """The token in the newest mail to `address`, which is drawn as the worker does."""
    wanted = sa.select(EmailMessage).where(EmailMessage.to_address == address)
    mail = db.session().scalars(wanted.order_by(EmailMessage.created_at.desc(), EmailMessage.id.desc())).first()
    draft = rendering.draw(mail)
    mail.subject_line, mail.body_text = draft.subject, re.sub(r"token=[\w-]+", "token=***", draft.text)
    return re.search(r"token=([\w-]+)", draft.text)[1] if is_link else ""


@pytest.fixture
def zuzanna(client, olive) -> User:
    """She opened an account, invited somebody who came, and signs in by another address now."""
    form = {"first_name": "Zuzanna", "last_name": "Zweig", "company": "Zweig AG", "email": "zuzanna@zweig.example"}
    client.post("/sign-up", data=form, **HERE)
    token = link_to("zuzanna@zweig.example")
    assert client.post("/sign-up/confirmation", data={"token": token, "password": PASSWORD}, **HERE).status_code == 303
    user = db.session().scalars(sa.select(User).where(User.email == "zuzanna@zweig.example")).one()
    ask = {"email": "zuzanna@zweig-new.example", "password": PASSWORD}
    assert client.post("/client/account/email", data=ask, **HERE).status_code == 303
    client.post("/confirm-email", data={"token": link_to("zuzanna@zweig-new.example")}, **HERE)
    client.post("/client/account/people/invitations/new", data={"email": "ben@zuckerhut.example", "role": "MEMBER"})
    job = provisioning.make(db.session().get_one(Customer, user.customer_id))
    messages.queue("task_stuck", to_user=olive, subject_type="provisioning_job", subject_id=job.id, fact=job.id)
    link_to(olive.email, is_link=False)
    make_invitation(user, email="ann@zuckerhut.example", role=Role.MEMBER, customer_id=user.customer_id)
    client.post("/sign-out", **HERE)
    accept = {
        "first_name": "Ann",
        "last_name": "Zuckerhut",
        "password": PASSWORD,
        "token": link_to("ann@zuckerhut.example"),
    }
    assert client.post("/invitation", data=accept, **HERE).status_code == 303
    client.post("/sign-out", **HERE)
    client.post("/sign-in", data={"email": "zuzanna@zweig-new.example", "password": PASSWORD}, **HERE)
    return user


def test_nothing_of_somebody_who_lived_here_can_be_read(zuzanna):
    db.session().flush()
    audit.write_out()
    assert {word for word in TRACES if any(word in text for text in everything().values())} == set(TRACES)

    erasing.erase_customer(zuzanna.customer_id)
    db.session().flush()
    audit.write_out()
    db.session().expire_all()

    left = {place: text[:200] for place, text in everything().items() if any(word in text for word in TRACES)}
    assert left == {}
