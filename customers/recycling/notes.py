"""What the page of a customer says about its way back to the pool."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.entity.declare import Note
from crm.kernel.dates import today
from customers.models import Customer
from customers.recycling.due import verdicts
from customers.recycling.run import active_rules


def leaving(customer: Customer) -> list[Note]:
    """One note if any rule is active: when the customer leaves, if it does, and why each rule does what it does."""
    day = today()
    said = verdicts(active_rules(), customer, day)
    if not said:
        return []
    days = [(one.on - day).days for one in said if one.on]
    reasons = [(one.rule.name, one.text) for one in said]
    return [Note(_in_words(min(days)) if days else _("It does not go back to the pool by itself"), reasons)]


def _in_words(days: int) -> str:
    if days <= 0:
        return _("Back to the pool tonight")
    return ngettext("Back to the pool in %(n)s day", "Back to the pool in %(n)s days", days) % {"n": days}
