"""What the preview page shows of a forecast. It reads while the page is rendered: render it in a transaction."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from crm.entity.fields import as_id
from crm.record.names import names
from customers.models import Customer, RecycleRule
from customers.recycling.due import LAST
from customers.recycling.forecast import HORIZON, Forecast, Row, forecast

PAGE = 50  # rows


@dataclass(frozen=True)
class Line:
    """A customer of the preview, with the reason."""

    customer: Customer
    owner: str
    rule: RecycleRule
    base: date
    on: date

    @property
    def last(self) -> date | None:
        """The last follow-up (or what the rule looks at), if there is one."""
        at = getattr(self.customer, LAST[RecycleRule.Trigger(self.rule.trigger)])
        return timezone.localdate(at) if at else None


class Preview:
    """The forecast of one rule, or of all active ones together."""

    def __init__(self, rule: RecycleRule | None, day: date, owner: str = "", page: str = "") -> None:
        found = RecycleRule.objects.filter(Q(pk=rule.pk) if rule else Q(active=True)).select_related("department")
        self.rules = {one.pk: one for one in found}
        self.day, self.horizon = day, HORIZON
        self.owner_id, self.page = as_id(owner), max(as_id(page) or 1, 1)
        with forecast(list(self.rules.values()), day) as due:
            self._read(due)

    def _read(self, due: Forecast) -> None:
        known = names()
        self.total = due.count()
        self.days = due.by("on_day")
        self.now = sum(n for on, n in self.days if on <= self.day)
        self.owners = [(pk, known.users.get(pk, ""), n) for pk, n in due.by("owner_id")]
        self.by_rule = [(self.rules[pk], n) for pk, n in due.by("rule_id")]
        rows = due.rows((self.page - 1) * PAGE, PAGE + 1, self.owner_id)
        self.has_next = len(rows) > PAGE
        self.lines = list(self._lines(rows[:PAGE]))

    def _lines(self, rows: list[Row]) -> Iterator[Line]:
        customers = Customer.objects.defer("search").in_bulk([row.customer_id for row in rows])
        known = names()
        for row in rows:
            base = timezone.localdate(row.base)
            yield Line(
                customers[row.customer_id], known.users.get(row.owner_id, ""), self.rules[row.rule_id], base, row.on
            )

    @cached_property
    def most(self) -> int:
        """The highest count of a day, for the bars."""
        return max((n for _, n in self.days), default=1)
