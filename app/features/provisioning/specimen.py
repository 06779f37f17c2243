"""One service on its way, made through the services."""

from app.features.accounts.models import Customer
from app.features.orders import service as orders
from app.features.orders import specimen as sales
from app.features.provisioning.models import ProvisioningJob
from app.features.provisioning.timeline import jobs_of


def make(customer: Customer) -> ProvisioningJob:
    """The plan Starter, ordered and paid: the job that sets it up."""
    placed = sales.make(customer)
    orders.complete(placed.order)
    return jobs_of(placed.subscription.id)[0]
