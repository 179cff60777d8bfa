"""Patterns of record numbers."""

from datetime import date

import pytest

from crm.kernel.errors import Invalid
from crm.record.numbers import check_pattern, period, render

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("pattern", "number", "restart"),
    [
        ("KH{yyyyMMdd}{0000}", "KH202611220007", "20261122"),
        ("{yyyyMM}-{000}", "202611-007", "202611"),
        ("Q{yyyy}/{00000}", "Q2026/00007", "2026"),
        ("HT{000000}", "HT000007", ""),
    ],
)
def test_a_pattern_gives_the_number_and_says_when_serials_restart(pattern: str, number: str, restart: str) -> None:
    assert render(pattern, DAY, 7) == number
    assert period(pattern, DAY) == restart


def test_a_serial_longer_than_its_part_keeps_all_digits() -> None:
    assert render("A{00}", DAY, 12345) == "A12345"


@pytest.mark.parametrize(
    "pattern", ["KH", "KH{yyyy}", "{0000}{000}", "{yyyy}{MM}{0000}", "{yyyyMM}{yyyy}{00}", "{{0000}"]
)
def test_a_pattern_without_exactly_one_serial_or_with_strange_parts_is_refused(pattern: str) -> None:
    with pytest.raises(Invalid):
        check_pattern(pattern)
