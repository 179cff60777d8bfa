"""Who would be recycled today and in the days ahead, by which rule and why; one pass over the table per rule."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, DateField, IntegerField, QuerySet, Value, When

from customers.models import RecycleRule
from customers.recycling.due import candidates, day_limit

HORIZON = 30  # days


@dataclass(frozen=True)
class Row:
    """A customer that leaves on a day unless something happens to it."""

    customer_id: int
    owner_id: int
    rule_id: int
    base: datetime
    on: date


class Forecast:
    """The rows of one forecast; they live in a temporary table until the transaction ends."""

    def count(self) -> int:
        """How many customers leave."""
        return int(_query("SELECT count(*) FROM recycling_forecast")[0][0])

    def by(self, column: str) -> list[tuple[Any, int]]:
        """(value, customers) for `on_day`, `owner_id` or `rule_id`; days in their order, else the most first."""
        order = "1" if column == "on_day" else "2 DESC, 1"
        return _query(f"SELECT {_COLUMNS[column]}, count(*) FROM recycling_forecast GROUP BY 1 ORDER BY {order}")  # noqa: S608

    def rows(self, offset: int, length: int, owner_id: int | None = None) -> list[Row]:
        """Some rows, the first to leave first; of one owner if named."""
        return [
            Row(*row)
            for row in _query(
                "SELECT id, owner_id, rule_id, base, on_day FROM recycling_forecast"
                " WHERE %s::bigint IS NULL OR owner_id = %s ORDER BY on_day, id LIMIT %s OFFSET %s",
                [owner_id, owner_id, length, offset],
            )
        ]


@contextmanager
def forecast(
    rules: Sequence[RecycleRule], today: date, days: int = HORIZON, customers: "QuerySet[Any] | None" = None
) -> Iterator[Forecast]:
    """What these rules, active or not, would do from today for so many days; of these customers only, if given.

    A customer that several rules reach stands there once, with the rule that comes first.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS recycling_forecast")
            parts = [_due(rule, today, days, customers).query.sql_with_params() for rule in rules]
            source = " UNION ALL ".join(f"({sql})" for sql, _ in parts) or _NOTHING
            cursor.execute(
                f"CREATE TEMP TABLE recycling_forecast ON COMMIT DROP AS SELECT DISTINCT ON (id) *"  # noqa: S608
                f" FROM ({source}) AS due (id, owner_id, base, rule_id, on_day) ORDER BY id, on_day, rule_id",
                [value for _, params in parts for value in params],
            )
        yield Forecast()


def _due(rule: RecycleRule, today: date, days: int, customers: "QuerySet[Any] | None") -> Any:
    reached = candidates(rule).filter(base__lt=day_limit(rule, today + timedelta(days=days)))
    if customers is not None:
        reached = reached.filter(pk__in=customers.values("pk"))
    day = [today + timedelta(days=ahead) for ahead in range(days + 1)]
    # The later the run, the later the base that it reaches: the first limit beyond the base tells the day.
    on_day = Case(*(When(base__lt=day_limit(rule, on), then=Value(on)) for on in day), output_field=DateField())
    return (
        reached.order_by()
        .annotate(rule_id=Value(rule.pk, output_field=IntegerField()), on_day=on_day)
        .values_list("pk", "owner_id", "base", "rule_id", "on_day")
    )


_NOTHING = "SELECT NULL::bigint, NULL::bigint, NULL::timestamptz, NULL::int, NULL::date WHERE false"
_COLUMNS = {"on_day": "on_day", "owner_id": "owner_id", "rule_id": "rule_id"}


def _query(sql: str, params: Sequence[Any] = ()) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
