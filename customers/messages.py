"""What people are told when customers change hands: one message per person and operation."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from crm.kernel.phrases import phrase
from crm.notify.inbox import send, settle
from crm.org.models import User

if TYPE_CHECKING:
    from customers.models import Customer


def applied(customers: "list[Customer]", by: User, data: dict[str, Any]) -> None:
    """The superior is asked to decide."""
    if by.superior is not None:
        title = phrase(_("{person} applies for a customer"), person=str(by))
        reason = phrase(_("Reason: {reason}"), reason=data["reason"]) if data.get("reason") else None
        for customer in customers:
            send([by.superior], "approval", title, body=reason, about=customer, actions=("accept", "refuse"))


def accepted(customers: "list[Customer]", by: User, data: dict[str, Any]) -> None:
    """The applicants hear that the customers are theirs."""
    settle(customers)
    _to_owners(customers, by, "approval", _("{person} accepted your application"))


def refused(customers: "list[Customer]", by: User, data: dict[str, Any]) -> None:
    """The applicants hear that the customers stay in the pool, and why."""
    settle(customers)
    for customer in customers:
        applicant = customer.applications.order_by("-pk").select_related("applicant")[0].applicant
        reason = phrase(_("Reason: {reason}"), reason=data["reason"]) if data.get("reason") else None
        title = phrase(_("{person} refused your application"), person=str(by))
        send([applicant], "approval", title, body=reason, about=customer)


def withdrawn(customers: "list[Customer]", by: User, data: dict[str, Any]) -> None:
    """Nobody is asked any more."""
    settle(customers)


def assigned(customers: "list[Customer]", by: User, data: dict[str, Any]) -> None:
    """The new owners hear what they got."""
    _to_owners(
        customers,
        by,
        "assign",
        ngettext_lazy("{person} assigned a customer to you", "{person} assigned {n} customers to you", "n"),
    )


def recycled(customers: "list[Customer]", by: User, data: dict[str, Any]) -> None:
    """The former owners hear what left them, and why."""
    counts = Counter(customer.former_owner_id for customer in customers if customer.former_owner_id)
    title = ngettext_lazy("{person} recycled one of your customers", "{person} recycled {n} of your customers", "n")
    reason = phrase(_("Reason: {reason}"), reason=data["reason"]) if data.get("reason") else None
    for owner in User.objects.filter(pk__in=counts).exclude(pk=by.pk):
        send([owner], "assign", phrase(title, person=str(by), n=counts[owner.pk]), body=reason, path="/customers/pool/")


def _to_owners(customers: "list[Customer]", by: User, kind: str, title: Any) -> None:
    counts = Counter(customer.owner for customer in customers if customer.owner != by)
    for owner, n in counts.items():
        if owner is None:
            continue
        only = next(customer for customer in customers if customer.owner == owner) if n == 1 else None
        send([owner], kind, phrase(title, person=str(by), n=n), about=only, path="" if only else "/customers/customer/")
