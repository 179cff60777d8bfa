"""What people do with pool customers: claim, apply, decide, assign."""

from collections.abc import Collection
from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.flow.action import action
from crm.kernel.dates import now
from crm.kernel.errors import Refused
from crm.org.access import access_of
from crm.org.models import Department, User
from crm.record.models import OwnerChange
from customers import limits, messages
from customers import pool as pools
from customers.forms import PersonForm, PoolForm, ReasonForm
from customers.models import Customer, PoolApplication, PoolState

FREE = (PoolState.IDLE, PoolState.RECYCLED)
# How long somebody who comes too late is told who was first.
TOLD_WHO_WAS_FIRST = timedelta(days=1)


def taken_by(ids: Collection[int], user: User) -> str | None:
    """For customers that just left the pools of `user`: who has them now."""
    if not access_of(user).can(Customer.key(), "view_pool"):
        return None
    left = OwnerChange.objects.filter(
        content_type=ContentType.objects.get_for_model(Customer),
        object_id__in=ids,
        from_owner=None,
        action__in=("claim", "assign", "accept"),
        at__gte=now() - TOLD_WHO_WAS_FIRST,
    )
    change = left.order_by("-pk").select_related("to_owner").first()
    return _("%(person)s was faster: this customer is theirs now.") % {"person": change.to_owner} if change else None


def applied_by(customer: Customer, user: User) -> str | None:
    """While somebody's application is open, others wait for the decision."""
    if customer.pool_state != PoolState.APPLIED:
        return None
    return _("%(person)s has applied for this customer; the decision is open.") % {
        "person": open_application(customer).applicant
    }


@action(
    gettext_lazy("Claim"),
    when=applied_by,
    bulk="each",
    part="pool",
    explain=taken_by,
    icon="hand-grab",
    key="C",
    on_row=FREE,
    done=gettext_lazy("Claimed and moved to My customers"),
    undo=True,
)
def claim(customer: Customer, *, by: User) -> None:
    """The customer becomes yours at once."""
    limits.check_claim(customer, by)
    pools.give(customer, by)


@action(
    gettext_lazy("Apply"),
    states=FREE,
    form=ReasonForm,
    part="pool",
    explain=taken_by,
    after=messages.applied,
    icon="hand-stop",
    key="A",
    on_row=FREE,
    done=gettext_lazy("Request sent, waiting for your superior"),
)
def apply(customer: Customer, *, by: User, reason: str = "") -> None:
    """Your superior decides whether the customer becomes yours."""
    limits.check_application(customer, by)
    PoolApplication.objects.create(
        customer=customer, applicant=by, at=now(), reason=reason, state_before=customer.pool_state
    )
    customer.pool_state = PoolState.APPLIED


def not_their_superior(customer: Customer, user: User) -> str | None:
    """Only whoever stands above the applicant decides, and nobody on their own application."""
    applicant = open_application(customer).applicant
    if applicant == user and not user.is_superuser:
        return _("Somebody else decides on your own application.")
    access = access_of(user)
    scope = access.scope(Customer.key(), "accept")
    within = access.owner_ids(scope) if scope else ()
    if within is not None and applicant.pk not in within:
        return _("The superior of %(person)s decides on this.") % {"person": applicant}
    return None


@action(
    gettext_lazy("Accept"),
    states=[PoolState.APPLIED],
    when=not_their_superior,
    bulk="each",
    part="pool",
    explain=taken_by,
    after=messages.accepted,
    icon="check",
)
def accept(customer: Customer, *, by: User) -> None:
    """The customer goes to the applicant."""
    application = _decide(customer, by, accepted=True)
    limits.check_room(application.applicant)
    pools.give(customer, application.applicant)


@action(
    gettext_lazy("Refuse"),
    perm="accept",
    states=[PoolState.APPLIED],
    when=not_their_superior,
    form=ReasonForm,
    part="pool",
    explain=taken_by,
    after=messages.refused,
    icon="x",
)
def refuse(customer: Customer, *, by: User, reason: str = "") -> None:
    """The customer stays in the pool as it was before."""
    customer.pool_state = _decide(customer, by, accepted=False).state_before


def not_the_applicant(customer: Customer, user: User) -> str | None:
    """Only the applicant takes an application back."""
    applicant = open_application(customer).applicant
    return None if applicant == user else _("Only %(person)s can withdraw this application.") % {"person": applicant}


@action(
    gettext_lazy("Withdraw application"),
    perm="apply",
    states=[PoolState.APPLIED],
    when=not_the_applicant,
    part="pool",
    explain=taken_by,
    after=messages.withdrawn,
    icon="arrow-back-up",
)
def withdraw(customer: Customer, *, by: User) -> None:
    """Take your application back; the customer stays in the pool as it was before."""
    customer.pool_state = _decide(customer, by, accepted=None).state_before


@action(
    gettext_lazy("Assign"),
    states=FREE,
    form=PersonForm,
    bulk="each",
    part="pool",
    explain=taken_by,
    after=messages.assigned,
    icon="user-plus",
    undo=True,
)
def assign(customer: Customer, *, by: User, owner: User, reason: str = "") -> None:
    """The customer goes from the pool to a salesperson."""
    limits.check_room(owner)
    pools.give(customer, owner)


@action(
    gettext_lazy("Move to another pool"),
    states=FREE,
    form=PoolForm,
    bulk="each",
    part="pool",
    icon="arrows-exchange",
    undo=True,
)
def move(customer: Customer, *, by: User, pool: Department, reason: str = "") -> None:
    """The customer goes from one pool to another and keeps its state."""
    if pool == customer.pool:
        raise Refused(_("The customer already stands in this pool."))
    pools.release(customer, pool, state=customer.pool_state)


def open_application(customer: Customer) -> PoolApplication:
    """The application that waits for a decision."""
    return PoolApplication.objects.select_related("applicant__department").get(customer=customer, decided_at=None)


def _decide(customer: Customer, by: User, *, accepted: bool | None) -> PoolApplication:
    application = open_application(customer)
    application.decided_at, application.decided_by, application.accepted = now(), by, accepted
    application.save(update_fields=["decided_at", "decided_by", "accepted"])
    return application
