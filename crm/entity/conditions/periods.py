"""Relative dates: the days that 本周, 上月 or 最近 30 天 mean today. Weeks begin on Monday."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# The first and the last day, both included; None leaves a side open.
Days = tuple[date | None, date | None]

MOST_DAYS = 3660
COUNTED = re.compile(r"(last|next|older|later)-([1-9]\d{0,3})")

NAMED: Mapping[str, Promise] = {
    "today": gettext_lazy("Today"),
    "yesterday": gettext_lazy("Yesterday"),
    "tomorrow": gettext_lazy("Tomorrow"),
    "this_week": gettext_lazy("This week"),
    "last_week": gettext_lazy("Last week"),
    "next_week": gettext_lazy("Next week"),
    "this_month": gettext_lazy("This month"),
    "last_month": gettext_lazy("Last month"),
    "next_month": gettext_lazy("Next month"),
    "this_quarter": gettext_lazy("This quarter"),
    "last_quarter": gettext_lazy("Last quarter"),
    "next_quarter": gettext_lazy("Next quarter"),
    "this_year": gettext_lazy("This year"),
    "last_year": gettext_lazy("Last year"),
    "next_year": gettext_lazy("Next year"),
}
# With a number of days behind them, as `last-30`.
WITH_NUMBER: Mapping[str, Promise] = {
    "last": gettext_lazy("Last N days"),
    "next": gettext_lazy("Next N days"),
    "older": gettext_lazy("More than N days ago"),
    "later": gettext_lazy("More than N days ahead"),
}


def days_of(period: str, today: date) -> Days | None:
    """The days of a period, seen from today; None if there is no such period.

    The last and the next N days count today as one of them.
    """
    counted = COUNTED.fullmatch(period)
    if counted:
        number = int(counted[2])
        return _COUNTED[counted[1]](today, number) if number <= MOST_DAYS else None
    if period not in NAMED:
        return None
    if period in _DAYS:
        day = today + timedelta(days=_DAYS[period])
        return day, day
    which, unit = period.split("_")
    return _UNITS[unit](today, {"last": -1, "this": 0, "next": 1}[which])


def label_of(period: str) -> str:
    """A period in words; an unknown one as it is written."""
    counted = COUNTED.fullmatch(period)
    if counted:
        patterns = {
            "last": _("Last %(number)s days"),
            "next": _("Next %(number)s days"),
            "older": _("More than %(number)s days ago"),
            "later": _("More than %(number)s days ahead"),
        }
        return patterns[counted[1]] % {"number": counted[2]}
    return str(NAMED.get(period, period))


def _week(today: date, step: int) -> Days:
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
    return monday, monday + timedelta(days=6)


def _month(today: date, step: int) -> Days:
    return _months(today.year * 12 + today.month - 1 + step, 1)


def _quarter(today: date, step: int) -> Days:
    return _months((today.year * 4 + (today.month - 1) // 3 + step) * 3, 3)


def _year(today: date, step: int) -> Days:
    return _months((today.year + step) * 12, 12)


def _months(first: int, length: int) -> Days:
    """Whole months, numbered from the year 0."""
    return _first_of(first), _first_of(first + length) - timedelta(days=1)


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _days(number: int) -> timedelta:
    return timedelta(days=number)


_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}
_UNITS: dict[str, Callable[[date, int], Days]] = {
    "week": _week,
    "month": _month,
    "quarter": _quarter,
    "year": _year,
}
_COUNTED: dict[str, Callable[[date, int], Days]] = {
    "last": lambda today, number: (today - _days(number - 1), today),
    "next": lambda today, number: (today, today + _days(number - 1)),
    "older": lambda today, number: (None, today - _days(number + 1)),
    "later": lambda today, number: (today + _days(number + 1), None),
}
