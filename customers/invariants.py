"""What always holds of customers."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from crm.ops.checks import Invariant, invariants


@invariants
def of_customers() -> Iterable[Invariant]:
    """Owner and pool, applications, contacts, follow-ups."""
    yield Invariant(
        "P1 customers.customer",
        _("A customer has an owner or stands in one pool, never both, and its state says which."),
        "SELECT id, owner_id, pool_id, pool_state FROM customers_customer WHERE (owner_id IS NULL) = (pool_id IS NULL)"
        " OR (owner_id IS NULL) = (pool_state = 'assigned')",
    )
    yield Invariant(
        "P1 customers.application",
        _("A customer is applied for while exactly one application is open."),
        "SELECT c.id, c.pool_state, count(a.id) AS open FROM customers_customer c LEFT JOIN customers_poolapplication a"
        " ON a.customer_id = c.id AND a.decided_at IS NULL GROUP BY c.id, c.pool_state"
        " HAVING count(a.id) <> CASE c.pool_state WHEN 'applied' THEN 1 ELSE 0 END",
    )
    yield Invariant(
        "C1 customers.contact",
        _("A customer with contacts has one primary contact."),
        'SELECT customer_id, count(*) FILTER (WHERE "primary") AS primaries FROM customers_contact'
        ' WHERE deleted_at IS NULL GROUP BY customer_id HAVING count(*) FILTER (WHERE "primary") <> 1',
    )
    yield Invariant(
        "C2 customers.customer",
        _("The last follow-up that a customer shows is its latest one."),
        "SELECT c.id, c.last_follow_up_at, f.at FROM customers_customer c LEFT JOIN LATERAL (SELECT max(at) AS at"
        " FROM customers_customerfollowup WHERE customer_id = c.id AND kind = 'record' AND deleted_at IS NULL) f"
        " ON true WHERE c.last_follow_up_at IS DISTINCT FROM f.at",
    )
