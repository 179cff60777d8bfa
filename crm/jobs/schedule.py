"""Periodic work. Its times stand in code; the beat only ticks, and a tick does what is due.

    @periodic("customers.recycle", daily(time(2)))
    def recycle(slot: datetime) -> None: ...

Each slot is done once however many beats tick: the slot is taken by a conditional update in the
transaction that does the work. After a pause only the latest missed slot is made up for.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from crm.jobs.models import Clock
from crm.kernel import dates

log = logging.getLogger(__name__)

Rule = Callable[[datetime], datetime]
Run = Callable[[datetime], None]


@dataclass(frozen=True)
class Periodic:
    """A named piece of periodic work; `rule` gives the latest slot that is due at an instant."""

    name: str
    rule: Rule
    run: Run


_periodic: dict[str, Periodic] = {}


def periodic(name: str, rule: Rule) -> Callable[[Run], Run]:
    """Decorator: run the function once for each slot; it gets the slot's time.

    It runs inside a short transaction: whatever takes more than a second starts a job instead.
    If it raises, the slot stays due and is tried again at the next tick. ValueError if the name is taken.
    """

    def declare(run: Run) -> Run:
        if name in _periodic and _periodic[name].run.__qualname__ != run.__qualname__:
            raise ValueError(f"two pieces of periodic work are called {name}")
        _periodic[name] = Periodic(name, rule, run)
        return run

    return declare


def daily(at: time) -> Rule:
    """Every day at this time in the company's time zone."""

    def latest(now: datetime) -> datetime:
        today = timezone.localdate(now)
        slot = timezone.make_aware(datetime.combine(today, at))
        return slot if slot <= now else timezone.make_aware(datetime.combine(today - timedelta(days=1), at))

    return latest


def every(period: timedelta) -> Rule:
    """Every so often, counted from midnight; half a minute is the least that a tick can keep."""

    def latest(now: datetime) -> datetime:
        midnight = dates.start_of_day(timezone.localdate(now))
        return midnight + (now - midnight) // period * period

    return latest


def run_due(now: datetime | None = None) -> list[str]:
    """Do what is due and has not been done; gives the names of what ran."""
    now = now or dates.now()
    clocks = dict(Clock.objects.values_list("name", "slot"))
    # New work waits for its next slot: what has never run has missed nothing.
    fresh = [Clock(name=each.name, slot=each.rule(now)) for each in _periodic.values() if each.name not in clocks]
    Clock.objects.bulk_create(fresh, ignore_conflicts=True)
    due = [each for each in _periodic.values() if each.name in clocks and clocks[each.name] < each.rule(now)]
    return [each.name for each in due if _run(each, each.rule(now))]


def _run(each: Periodic, slot: datetime) -> bool:
    try:
        with transaction.atomic():
            if not Clock.objects.filter(name=each.name, slot__lt=slot).update(slot=slot):
                return False
            each.run(slot)
    except Exception:
        log.exception("periodic work %s failed and will be tried again", each.name)
        return False
    return True
