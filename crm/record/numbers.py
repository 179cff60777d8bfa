"""Record numbers (编号): a pattern per entity, serials from a counter row."""

import re
from datetime import date

from django.db import connection
from django.utils.translation import gettext as _

from crm.kernel.dates import today
from crm.kernel.errors import Invalid
from crm.record.models import NumberRule, Record

PART = re.compile(r"\{(yyyy(?:MM(?:dd)?)?|0+)\}")
DATE_FORMATS = {"yyyy": "%Y", "yyyyMM": "%Y%m", "yyyyMMdd": "%Y%m%d"}


def take(model: type[Record], count: int) -> list[str]:
    """The next `count` numbers of an entity, in order.

    The counter row stays locked until the transaction ends, so numbers are unique; those of a
    transaction that fails are given out again, those of a deleted record never.
    """
    pattern = pattern_of(model)
    day = today()
    last = _count_up(model.key(), period(pattern, day), count)
    return [render(pattern, day, serial) for serial in range(last - count + 1, last + 1)]


def pattern_of(model: type[Record]) -> str:
    """The administrator's rule for the entity, else the model's own."""
    rule = NumberRule.objects.filter(entity=model.key()).first()
    return rule.pattern if rule else f"{model.number_prefix}{{yyyyMMdd}}{{0000}}"


def period(pattern: str, day: date) -> str:
    """The date part of the pattern on that day: serials start anew when it changes."""
    for part in PART.findall(pattern):
        if part in DATE_FORMATS:
            return day.strftime(DATE_FORMATS[part])
    return ""


def render(pattern: str, day: date, serial: int) -> str:
    """The number that a pattern gives for a day and a serial; longer serials keep all their digits."""

    def part(match: re.Match[str]) -> str:
        text = match.group(1)
        return day.strftime(DATE_FORMATS[text]) if text in DATE_FORMATS else f"{serial:0{len(text)}d}"

    return PART.sub(part, pattern)


def check_pattern(pattern: str) -> None:
    """Raise `Invalid` (field `pattern`) unless there is one serial part, at most one date part and no other brace."""
    parts = PART.findall(pattern)
    serials = [part for part in parts if part not in DATE_FORMATS]
    rest = PART.sub("", pattern)
    if len(serials) != 1 or len(parts) > 2 or "{" in rest or "}" in rest:
        raise Invalid(
            {"pattern": [_("Write one serial part such as {0000} and at most one date part such as {yyyyMMdd}.")]}
        )


def _count_up(entity: str, period_text: str, count: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_counter AS c (entity, period, last) VALUES (%s, %s, %s)"
            " ON CONFLICT (entity, period) DO UPDATE SET last = c.last + excluded.last RETURNING last",
            [entity, period_text, count],
        )
        return int(cursor.fetchone()[0])
