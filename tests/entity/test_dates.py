"""Days and instants as people type them."""

from datetime import date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.entity.dates import DayField, InstantField, parse_day, parse_instant

TODAY = date(2026, 11, 22)
NOW = timezone.make_aware(datetime(2026, 11, 22, 14, 30, 25))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-22", "2026-11-22"),
        ("2026/1/3", "2026-01-03"),
        ("2026.1.3", "2026-01-03"),
        ("20261122", "2026-11-22"),
        ("2026年3月4日", "2026-03-04"),
        ("11-22", "2026-11-22"),
        ("3月5号", "2026-03-05"),
        ("３－５", "2026-03-05"),
        ("今天", "2026-11-22"),
        ("昨天", "2026-11-21"),
        ("后天", "2026-11-24"),
        ("Tomorrow", "2026-11-23"),
        ("+7", "2026-11-29"),
        ("＋7", "2026-11-29"),
        ("-3", "2026-11-19"),
        (" +40 ", "2027-01-01"),
    ],
)
def test_a_day(typed: str, meant: str) -> None:
    assert str(parse_day(typed, TODAY)) == meant


@pytest.mark.parametrize(
    "typed", ["", "2026-13-01", "2-30", "0000-01-01", "7", "+", "99999", "明年", "2026-11-22 14:30", "+99999"]
)
def test_no_day(typed: str) -> None:
    assert parse_day(typed, TODAY) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-23 08:05", "2026-11-23 08:05"),
        ("2026-11-23T08:05:09", "2026-11-23 08:05"),
        ("+1 9:00", "2026-11-23 09:00"),
        ("14：45", "2026-11-22 14:45"),
        ("今天14:45", "2026-11-22 14:45"),
        ("5月3日 9:00", "2026-05-03 09:00"),
        ("今天", "2026-11-22 14:30"),
        ("now", "2026-11-22 14:30"),
        ("明天", "2026-11-23 09:00"),
    ],
)
def test_an_instant_in_the_companys_time(typed: str, meant: str) -> None:
    found = parse_instant(typed, NOW)
    assert found and timezone.localtime(found).strftime("%Y-%m-%d %H:%M") == meant


@pytest.mark.parametrize("typed", ["", "25:00", "11-22 12:60", "abc 12:00", "12:00:60"])
def test_no_instant(typed: str) -> None:
    assert parse_instant(typed, NOW) is None


def test_fields_take_the_same_and_refuse_with_a_sentence() -> None:
    assert DayField(required=False).clean("") is None
    assert InstantField().clean("2026-11-22 14:30") == NOW.replace(second=0)
    for field in (DayField(), InstantField()):
        with pytest.raises(ValidationError, match="2026-11-22"):
            field.clean("下周")


def test_an_instant_has_changed_when_its_minute_has() -> None:
    field = InstantField(required=False)
    assert not field.has_changed(NOW, "2026-11-22 14:30")
    assert not field.has_changed(None, "")
    assert field.has_changed(NOW, "2026-11-22 14:31") and field.has_changed(NOW, "") and field.has_changed(NOW, "x")
