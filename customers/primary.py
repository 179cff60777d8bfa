"""The primary contact: exactly one per customer that has contacts."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from customers.models import Contact

# Takes the mark from contacts that are not being written: {customer id: ids being written}.
STEP_BACK = """
UPDATE customers_contact SET "primary" = false
WHERE customer_id = ANY(%s) AND "primary" AND deleted_at IS NULL AND NOT id = ANY(%s)
"""

# Gives the mark to the oldest contact of each customer that would be left with none.
STEP_UP = """
UPDATE customers_contact SET "primary" = true
WHERE id IN (
    SELECT DISTINCT ON (customer_id) id FROM customers_contact
    WHERE customer_id = ANY(%s) AND deleted_at IS NULL AND NOT id = ANY(%s) ORDER BY customer_id, id
)
"""


def settle(contacts: Sequence["Contact"]) -> None:
    """Leave exactly one primary contact per customer, among those about to be written and those that stand.

    The last one written that claims the mark gets it. Where none does, whoever has it keeps it;
    where nobody has it, the oldest contact gets it.
    """
    groups: dict[int, list[Contact]] = defaultdict(list)
    for contact in contacts:
        groups[contact.customer_id].append(contact)
        left = contact.changed_fields().get("customer_id")
        if left:
            groups[left[0]] += []  # the customer that a moved contact leaves
    written = [contact.pk for contact in contacts if contact.pk]
    with connection.cursor() as cursor:
        # Two contacts of one customer written at once would both think they are the first.
        cursor.execute("SELECT id FROM customers_customer WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [sorted(groups)])
        others = _others(sorted(groups), written)
        stepping_back = [pk for pk, group in groups.items() if _claim(group, others.get(pk, []))]
        cursor.execute(STEP_BACK, [stepping_back, written])
        left_alone = [pk for pk, group in groups.items() if not any(c.primary for c in group) and not any(others.get(pk, []))]
        cursor.execute(STEP_UP, [left_alone, written])


def _others(customer_ids: list[int], written: list[int]) -> dict[int, list[bool]]:
    """For each customer the marks of its standing contacts that are not being written."""
    marks: dict[int, list[bool]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT customer_id, "primary" FROM customers_contact'
            " WHERE customer_id = ANY(%s) AND deleted_at IS NULL AND NOT id = ANY(%s)",
            [customer_ids, written],
        )
        for customer_id, mark in cursor.fetchall():
            marks[customer_id].append(mark)
    return marks


def _claim(group: list["Contact"], others: list[bool]) -> bool:
    """Settle the mark among the contacts being written; whether one of them takes it from the others."""
    alive = [contact for contact in group if contact.deleted_at is None]
    claiming = [contact for contact in alive if contact.primary]
    for contact in group:
        contact.primary = False
    if claiming:
        claiming[-1].primary = True
        return True
    if alive and not others:
        alive[0].primary = True
    return False
