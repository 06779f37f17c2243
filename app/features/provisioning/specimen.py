"""One service on its way, made through the services; and one in each state, for whom every button is there."""

import sqlalchemy as sa

from app.features.accounts.models import Customer, User
from app.features.accounts.specimen import Account
from app.features.catalogue import specimen as catalogue
from app.features.orders import service as orders
from app.features.orders import specimen as sales
from app.features.provisioning import service, tasks
from app.features.provisioning.access import Access
from app.features.provisioning.models import ProvisioningJob
from app.features.provisioning.timeline import jobs_of
from app.features.subscriptions import service as subscriptions
from app.features.subscriptions.models import Subscription
from app.kernel import db


def make(customer: Customer) -> ProvisioningJob:
    """The plan Starter, ordered and paid: the job that sets it up."""
    placed = sales.make(customer)
    orders.complete(placed.order)
    return jobs_of(placed.subscription.id)[0]


def of_account(account: Account, tag: str) -> None:
    """A service that waits for a person, one that somebody has taken, one that somebody could not set up, and three
    that run: as it should, suspended, and until the end of what is paid for. Does the worker's part itself."""
    jobs = [_bought(account) for _ in range(6)]
    db.session().flush()
    tasks.perform()
    for job in jobs:
        db.session().refresh(job)
    service.fail(jobs[1], reason=f"No room for {tag}")
    service.take(jobs[2], db.session().scalars(sa.select(User.id).where(User.staff_role.is_not(None)).limit(1)).one())
    running, suspended, ending = (_set_up(job, tag) for job in jobs[3:])
    assert running.set_up_at is not None
    subscriptions.suspend(suspended, reason=f"For {tag}")
    subscriptions.cancel(ending, reason=f"For {tag}")
    db.session().flush()
    tasks.perform()


def _bought(account: Account) -> ProvisioningJob:
    product, price, _code = catalogue.make()
    placed = orders.place(customer=account.customer, product=product, price=price)
    orders.complete(placed.order)
    return jobs_of(placed.subscription.id)[0]


def _set_up(job: ProvisioningJob, tag: str) -> Subscription:
    way_in = Access(host=f"{tag}.example.net", user_name=f"u{tag}", password=f"{tag}-pass")
    service.complete(job, way_in=way_in, reference=f"web-07/{tag}")
    return db.session().get_one(Subscription, job.subscription_id)
