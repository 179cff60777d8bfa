"""Working days in China: weekends, public holidays, and the weekend days worked in exchange for them.

The State Council announces a year's holidays in the November before; of a year that is not announced
yet, Monday to Friday count as working days.
"""

from collections.abc import Callable
from datetime import date, timedelta

import chinese_calendar

DAY = timedelta(days=1)
Test = Callable[[date], bool]


def is_workday(day: date) -> bool:
    """Whether offices work on this day."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def any_day(day: date) -> bool:
    """The test by which every calendar day counts."""
    return True


def day_after(start: date, days: int, counts: Test = any_day) -> date:
    """The first day on which more than `days` days that count have passed since `start`."""
    day = start
    for _ in range(days + 1):
        day += DAY
        while not counts(day):
            day += DAY
    return day


def latest_start(end: date, days: int, counts: Test = any_day) -> date:
    """The latest day since which, on `end`, more than `days` days that count have passed.

    `day_after(start, days)` is `end` or earlier exactly for the starts up to this day.
    """
    day, left = end, days + 1
    while left:
        left -= counts(day)
        day -= DAY
    return day
