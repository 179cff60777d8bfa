"""Working days and the counting of days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.kernel.china.workdays import any_day, day_after, is_workday, latest_start


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 14), True),  # a Saturday worked for Spring Festival
        (date(2026, 2, 17), False),  # Spring Festival, a Tuesday
        (date(2026, 10, 1), False),
        (date(2026, 3, 2), True),
        (date(2026, 3, 1), False),
        (date(2099, 1, 1), True),  # a Thursday of a year nobody has announced
    ],
)
def test_holidays_and_the_days_worked_for_them(day: date, works: bool) -> None:
    assert is_workday(day) is works


def test_more_than_so_many_days_have_passed() -> None:
    assert day_after(date(2026, 3, 2), 3) == date(2026, 3, 6)
    assert day_after(date(2026, 3, 2), 0) == date(2026, 3, 3)
    # 30 September and then 8 October are the two working days after the 29th.
    assert day_after(date(2026, 9, 29), 1, is_workday) == date(2026, 10, 8)


days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@given(start=days, end=days, passed=st.integers(0, 60), counts=st.sampled_from([any_day, is_workday]))
def test_the_latest_start_is_the_other_way_round(start: date, end: date, passed: int, counts) -> None:  # type: ignore[no-untyped-def]
    assert (day_after(start, passed, counts) <= end) == (start <= latest_start(end, passed, counts))
    assert latest_start(end + timedelta(days=1), passed) == latest_start(end, passed) + timedelta(days=1)
