"""The primary contact: exactly one per customer that has contacts."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from customers.models import Contact

# Takes the mark from contacts that are not being written.
STEP_BACK = """
UPDATE customers_contact SET "primary" = false
WHERE customer_id = ANY(%s) AND "primary" AND deleted_at IS NULL AND NOT id = ANY(%s)
"""

# Gives the mark to the oldest contact of each customer that is left with none.
STEP_UP = """
UPDATE customers_contact SET "primary" = true
WHERE id IN (
    SELECT DISTINCT ON (c.customer_id) c.id FROM customers_contact c
    WHERE c.customer_id = ANY(%s) AND c.deleted_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM customers_contact p WHERE p.customer_id = c.customer_id AND p."primary" AND p.deleted_at IS NULL
    )
    ORDER BY c.customer_id, c.id
)
"""


def choose(contacts: Sequence["Contact"]) -> None:
    """Before contacts are written: the last one of each customer that claims the mark gets it, alone."""
    groups: dict[int, list[Contact]] = defaultdict(list)
    for contact in contacts:
        if contact.deleted_at is not None:
            contact.primary = False
        groups[contact.customer_id].append(contact)
    with connection.cursor() as cursor:
        # Two contacts of one customer written at once would both think they are alone.
        cursor.execute("SELECT id FROM customers_customer WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [sorted(groups)])
        claimed = [customer_id for customer_id, group in groups.items() if _leave_one(group)]
        if claimed:
            cursor.execute(STEP_BACK, [claimed, [contact.pk for contact in contacts if contact.pk]])


def fill(contacts: Sequence["Contact"]) -> None:
    """After contacts were written: customers left without a primary contact get their oldest."""
    customer_ids = {contact.customer_id for contact in contacts}
    # A moved contact may have been the primary one of the customer that it left.
    customer_ids |= {left[0] for contact in contacts if (left := contact.changed_fields().get("customer_id"))}
    with connection.cursor() as cursor:
        cursor.execute(STEP_UP, [sorted(customer_ids)])


def _leave_one(group: list["Contact"]) -> bool:
    claiming = [contact for contact in group if contact.primary]
    for contact in claiming[:-1]:
        contact.primary = False
    return bool(claiming)
