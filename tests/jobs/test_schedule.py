"""Periodic work: which slot is due, and that each is done once."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.jobs import schedule
from crm.jobs.models import Clock

SHANGHAI = ZoneInfo("Asia/Shanghai")


def shanghai(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, second, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        (shanghai(31, 2), shanghai(31, 2)),
        (shanghai(31, 1, 59, 59), shanghai(30, 2)),
        (shanghai(31, 23, 59, 59), shanghai(31, 2)),
        (datetime(2026, 12, 30, 18, 0, tzinfo=UTC), shanghai(31, 2)),
    ],
)
def test_daily_work_is_due_at_the_companys_time(now: datetime, slot: datetime) -> None:
    assert schedule.daily(time(2))(now) == slot


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        (shanghai(31, 10, 7, 3), shanghai(31, 10, 5)),
        (shanghai(31, 10, 5), shanghai(31, 10, 5)),
        (shanghai(31, 0, 0, 1), shanghai(31, 0)),
    ],
)
def test_frequent_work_is_due_on_even_minutes(now: datetime, slot: datetime) -> None:
    assert schedule.every(timedelta(minutes=5))(now) == slot


@pytest.fixture
def slots(db: None) -> Iterator[list[datetime]]:
    """The slots that a piece of daily work has been run for."""
    ran: list[datetime] = []
    schedule.periodic("tests.daily", schedule.daily(time(2)))(ran.append)
    yield ran
    del schedule._periodic["tests.daily"]


def test_new_work_waits_for_its_next_slot(slots: list[datetime]) -> None:
    schedule.run_due(shanghai(1, 10))
    schedule.run_due(shanghai(2, 1, 59))
    assert slots == []
    schedule.run_due(shanghai(2, 2, 0, 20))
    assert slots == [shanghai(2, 2)]


def test_a_slot_is_done_once(slots: list[datetime]) -> None:
    for minute in range(0, 60, 10):
        schedule.run_due(shanghai(1, 1, minute))
        schedule.run_due(shanghai(1, 2, minute))
    assert slots == [shanghai(1, 2)]


def test_missed_slots_are_made_up_for_once(slots: list[datetime]) -> None:
    schedule.run_due(shanghai(1, 10))
    schedule.run_due(shanghai(9, 10))
    schedule.run_due(shanghai(9, 10, 1))
    assert slots == [shanghai(9, 2)]


def test_a_clock_that_goes_back_repeats_nothing(slots: list[datetime]) -> None:
    schedule.run_due(shanghai(1, 10))
    schedule.run_due(shanghai(2, 3))
    schedule.run_due(shanghai(1, 23))
    schedule.run_due(shanghai(2, 3, 5))
    assert slots == [shanghai(2, 2)]


def test_work_that_fails_is_tried_again_and_holds_nothing_up(
    slots: list[datetime], caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[datetime] = []

    def fail_once(slot: datetime) -> None:
        Clock.objects.create(name="left behind", slot=slot)
        calls.append(slot)
        if len(calls) == 1:
            raise ZeroDivisionError

    schedule.periodic("a failing one", schedule.daily(time(2)))(fail_once)
    try:
        schedule.run_due(shanghai(1, 10))
        schedule.run_due(shanghai(2, 10))
        assert (len(slots), Clock.objects.filter(name="left behind").count()) == (1, 0)
        schedule.run_due(shanghai(2, 10, 1))
        schedule.run_due(shanghai(2, 10, 2))
    finally:
        del schedule._periodic["a failing one"]
    assert len(calls) == 2
    assert "a failing one" in caplog.text
    assert Clock.objects.filter(name="left behind").exists()


def test_a_name_serves_once(slots: list[datetime]) -> None:
    with pytest.raises(ValueError, match=r"tests\.daily"):
        schedule.periodic("tests.daily", schedule.daily(time(3)))(lambda slot: None)
