"""What happens to customers that somebody owns: transfer, recycle, return."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.flow.action import action
from crm.kernel.errors import Refused
from crm.org.models import Department, User
from customers import limits, messages
from customers import pool as pools
from customers.forms import PersonForm, PoolForm, ReasonRequiredForm
from customers.models import Customer, PoolState

OWNED = (PoolState.ASSIGNED,)


@action(
    gettext_lazy("Transfer"),
    states=OWNED,
    form=PersonForm,
    bulk="each",
    part="owned",
    after=messages.assigned,
    icon="user-share",
    undo=True,
    effect=gettext_lazy("Contacts and follow-ups go along."),
)
def transfer(customer: Customer, *, by: User, owner: User, reason: str = "") -> None:
    """The customer goes to a colleague; contacts and follow-ups go along."""
    if owner == customer.owner:
        raise Refused(_("The customer already belongs to %(person)s.") % {"person": owner})
    limits.check_room(owner)
    pools.give(customer, owner)


@action(
    gettext_lazy("Recycle"),
    states=OWNED,
    form=PoolForm,
    bulk="each",
    part="owned",
    danger=True,
    after=messages.recycled,
    icon="recycle",
    undo=True,
    effect=gettext_lazy("The owner loses the customer; it stands in the pool that you choose, and the owner is told."),
)
def recycle(customer: Customer, *, by: User, pool: Department, reason: str = "") -> None:
    """A manager takes the customer back into a pool."""
    customer.former_owner_id = customer.owner_id  # for the message to them
    pools.release(customer, pool)


def not_the_owner(customer: Customer, user: User) -> str | None:
    """Owners give back; managers recycle."""
    return None if customer.owner_id == user.pk else _("Only the owner can return a customer.")


@action(
    gettext_lazy("Return to the pool"),
    perm="give_back",
    states=OWNED,
    when=not_the_owner,
    form=ReasonRequiredForm,
    bulk="each",
    part="owned",
    danger=True,
    icon="arrow-back-up",
    undo=True,
    effect=gettext_lazy("The customer goes to the pool of your department, where colleagues can claim it."),
)
def give_back(customer: Customer, *, by: User, reason: str) -> None:
    """Give the customer up; it goes to the pool of your department."""
    pools.release(customer, by.department or pools.company_pool())
