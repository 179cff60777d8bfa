"""Likely duplicates of a customer that is being typed.

It looks at all customers, also those that the user may not see: who owns one already is what
the user has to know. Of those it tells name, owner, department, state and last follow-up only.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.entity.duplicates import MOST_HITS, Hit
from crm.kernel.china import credit_code, phones
from crm.kernel.china.companies import company_key
from crm.record.names import names
from customers.models import Contact, Customer

if TYPE_CHECKING:
    from crm.org.models import User

SHORTEST_KEY = 2  # characters of a name that say anything
SHORTEST_PART = 4  # characters from which a name inside another counts
SHORTEST_PHONE = 7  # digits


def similar(values: Mapping[str, str], user: "User", exclude: int | None = None) -> list[Hit]:
    """At most `MOST_HITS` customers with the same code, phone or core of the name; the surest first."""
    found: dict[int, tuple[Customer, str | Promise]] = {}
    for condition, reason in _conditions(values):
        if len(found) < MOST_HITS:
            rows = Customer.objects.alive().filter(condition).exclude(pk=exclude or 0).defer("search")
            for customer in rows.order_by("pk")[:MOST_HITS]:
                found.setdefault(customer.pk, (customer, reason))
    visible = set(Customer.objects.visible_to(user).filter(pk__in=found).values_list("pk", flat=True))
    return [_hit(customer, reason, customer.pk in visible) for customer, reason in list(found.values())[:MOST_HITS]]


def _conditions(values: Mapping[str, str]) -> list[tuple[Q, str | Promise]]:
    conditions: list[tuple[Q, str | Promise]] = []
    code = credit_code.normalize(values.get("credit_code", ""))
    if credit_code.is_valid(code):
        conditions.append((Q(credit_code=code), _("same credit code")))
    phone = phones.normalize(values.get("phone", ""))
    if len(phone) >= SHORTEST_PHONE:
        at_contacts = Contact.objects.alive().matching(phone).values("customer")
        conditions.append((Q(phone_key=phone), _("same phone")))
        conditions.append((Q(pk__in=at_contacts), _("same phone at a contact")))
    key = company_key(values.get("name", ""))
    if len(key) >= SHORTEST_KEY:
        conditions.append((Q(name_key=key), _("same core of the name")))
    if len(key) >= SHORTEST_PART:
        conditions.append(
            (Q(pk__in=Customer.objects.alive().matching(key).values("pk")[:MOST_HITS]), _("similar name"))
        )
    return conditions


def _hit(customer: Customer, reason: str | Promise, visible: bool) -> Hit:
    known = names()
    return Hit(
        pk=customer.pk,
        name=customer.name,
        reason=reason,
        owner=known.users.get(customer.owner_id or 0, ""),
        department=known.departments.get(customer.department_id or 0, ""),
        state=customer.state_label,
        last_follow_up_at=customer.last_follow_up_at,
        visible=visible,
    )
