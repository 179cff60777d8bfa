"""What a customer shows of its follow-ups: derived facts, recomputed from the rows, never counted up."""

from collections.abc import Sequence

from django.db import connection

from crm.kernel.dates import now

SHOWN = 200  # characters of the content in the customer list

REFRESH = """
UPDATE customers_customer AS c
SET last_follow_up_at = facts.last_at,
    last_follow_up = coalesce(left(facts.content, %(shown)s), ''),
    next_follow_up_at = least(facts.next_at, facts.planned_at),
    status_id = coalesce(facts.status_id, c.status_id)
FROM (
    SELECT ids.id, last.at AS last_at, last.content, last.next_at, planned.at AS planned_at,
           state.status_after_id AS status_id
    FROM unnest(%(ids)s::bigint[]) AS ids(id)
    LEFT JOIN LATERAL (
        SELECT f.at, f.content, f.next_at FROM customers_customerfollowup f
        WHERE f.customer_id = ids.id AND f.kind = 'record' AND f.deleted_at IS NULL
        ORDER BY f.at DESC, f.id DESC LIMIT 1
    ) AS last ON true
    LEFT JOIN LATERAL (
        SELECT f.at FROM customers_customerfollowup f
        WHERE f.customer_id = ids.id AND f.kind = 'plan' AND f.deleted_at IS NULL AND f.at >= %(now)s
        ORDER BY f.at, f.id LIMIT 1
    ) AS planned ON true
    LEFT JOIN LATERAL (
        SELECT f.status_after_id FROM customers_customerfollowup f
        WHERE f.customer_id = ids.id AND f.kind = 'record' AND f.deleted_at IS NULL AND f.status_after_id IS NOT NULL
        ORDER BY f.at DESC, f.id DESC LIMIT 1
    ) AS state ON true
) AS facts
WHERE c.id = facts.id
"""


def refresh(customer_ids: Sequence[int]) -> None:
    """Bring last and next follow-up, and the state after it, up to date for these customers.

    The customers' version does not move: these facts are not edits that another editor could lose.
    """
    with connection.cursor() as cursor:
        # In the order of ids, as every writer locks customers.
        cursor.execute(
            "SELECT id FROM customers_customer WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [list(customer_ids)]
        )
        cursor.execute(REFRESH, {"ids": list(customer_ids), "shown": SHOWN, "now": now()})
