"""Days and instants as the business counts them: calendar days in Asia/Shanghai."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone


def now() -> datetime:
    """This instant, aware."""
    return timezone.now()


def today() -> date:
    """Today's calendar day in the company's time zone."""
    return timezone.localdate()


def start_of_day(day: date) -> datetime:
    """The first instant of a calendar day, aware."""
    return timezone.make_aware(datetime.combine(day, time.min))


def day_range(day: date) -> tuple[datetime, datetime]:
    """A calendar day as the half-open range [start, end) of instants."""
    return start_of_day(day), start_of_day(day + timedelta(days=1))
