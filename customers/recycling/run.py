"""The nightly run: warns owners ahead, then recycles what is due, chunk by chunk.

Each chunk is one transaction: customers, their ledger and history, and the message to the owner. Rows are
locked and looked at again under the lock, so a follow-up that comes in between keeps its customer, and two
runs at once recycle each customer once.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from crm.kernel.phrases import phrase
from crm.notify.inbox import send
from crm.org.models import User
from crm.record import write
from customers import pool as pools
from customers.models import RecycleRule, RecycleWarning
from customers.recycling.due import reached
from customers.recycling.forecast import Forecast, Row, forecast

CHUNK = 1000  # customers


def active_rules() -> list[RecycleRule]:
    """The rules that are switched on, in the order in which they apply."""
    return list(RecycleRule.objects.filter(active=True).select_related("department", "pool").order_by("pk"))


@dataclass(frozen=True)
class Chunk:
    """What a chunk did: how many it recycled, and the last id that it looked at (None: there was none left)."""

    recycled: int
    last: int | None


def recycle_chunk(rule: RecycleRule, after: int, day: date) -> Chunk:
    """Recycle the next customers of a rule, in the order of ids after `after`, as the run of that day.

    Call it in a transaction.
    """
    ids = list(reached(rule, day).filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK])
    due = reached(rule, day).filter(pk__in=ids).select_related("owner__department")
    customers = list(due.select_for_update(of=("self",)).order_by("pk"))
    if customers:
        _release(rule, customers)
    return Chunk(len(customers), ids[-1] if ids else None)


def _release(rule: RecycleRule, customers: Sequence[Any]) -> None:
    owners = Counter(customer.owner for customer in customers)
    company = pools.company_pool()
    for customer in customers:
        pools.release(customer, rule.pool or customer.owner.department or company)
    write.update(customers, None, action="recycle", reason=rule.name)
    title = ngettext_lazy(
        "A customer of yours went back to the pool", "{n} of your customers went back to the pool", "n"
    )
    for owner, n in owners.items():
        body = phrase(_("Recycle rule: {rule}"), rule=rule.name)
        send([owner], "assign", phrase(title, n=n), body=body, path="/customers/pool/")


def warn_ahead(rules: Sequence[RecycleRule], day: date) -> int:
    """Tell owners how many of their customers leave soon, once for each customer and day; gives how many in all."""
    ahead = {rule.pk: day + timedelta(days=rule.warn_days) for rule in rules}
    warned: Counter[int] = Counter()
    with forecast(rules, day, max((rule.warn_days for rule in rules), default=0)) as due:
        for rows in _in_chunks(due):
            soon = [row for row in rows if day < row.on <= ahead[row.rule_id]]
            warned.update(_remember(soon))
    title = ngettext_lazy(
        "A customer of yours goes back to the pool soon", "{n} of your customers go back to the pool soon", "n"
    )
    body = phrase(_("Follow up on them to keep them."))
    for owner in User.objects.filter(pk__in=warned):
        path = "/customers/customer/?sort=last_follow_up_at"
        send([owner], "reminder", phrase(title, n=warned[owner.pk]), body=body, path=path)
    return warned.total()


def _in_chunks(due: Forecast) -> Iterator[list[Row]]:
    offset = 0
    while rows := due.rows(offset, CHUNK):
        yield rows
        offset += CHUNK


def _remember(rows: Sequence[Row]) -> list[int]:
    """Keep that these owners are warned; gives the owner of each row of which nobody was told before."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {RecycleWarning._meta.db_table} (customer_id, owner_id, due_on)"  # noqa: S608
            " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::date[]) ON CONFLICT DO NOTHING RETURNING owner_id",
            [[row.customer_id for row in rows], [row.owner_id for row in rows], [row.on for row in rows]],
        )
        return [owner for (owner,) in cursor.fetchall()]
