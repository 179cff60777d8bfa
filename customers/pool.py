"""How a customer changes hands: the only places that set owner, pool and state together."""

from typing import TYPE_CHECKING

from crm.kernel.dates import now
from crm.org.models import Department, User

if TYPE_CHECKING:
    from customers.models import Customer


def company_pool() -> Department:
    """The company's pool (公海): that of the root department."""
    return Department.objects.get(parent=None)


def give(customer: "Customer", owner: User) -> None:
    """The customer belongs to somebody and leaves its pool, if it stood in one."""
    customer.owner = owner
    customer.pool = None
    customer.pool_entered_at = None
    customer.pool_state = "assigned"
    customer.owned_since = now()


def release(customer: "Customer", pool: Department, state: str = "recycled") -> None:
    """The customer belongs to nobody and stands in a pool."""
    customer.owner = None
    customer.department = pool
    customer.pool = pool
    customer.pool_entered_at = now()
    customer.pool_state = state
    customer.owned_since = None
