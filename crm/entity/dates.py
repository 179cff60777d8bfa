"""Days and instants as people type them: `2026-11-22`, `11-22`, `今天`, `+7`, each also with a time of day."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.kernel.dates import now, today

# How far a word lies from today, in days.
WORDS = {"前天": -2, "昨天": -1, "今天": 0, "明天": 1, "后天": 2, "yesterday": -1, "today": 0, "tomorrow": 1}
NOW = ("now", "现在")
OFFSET = re.compile(r"[+-]\d{1,4}")
YEAR_MONTH_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))")
MONTH_DAY = re.compile(r"(\d{1,2})[-/.月](\d{1,2})[日号]?")
TIME = re.compile(r"(?:(.*?)(?:[ t]+|(?<=[日号天])))?(\d{1,2}):(\d{2})(?::(\d{2}))?")
# What a future or past day means when no time of day is typed.
START_OF_WORK = time(9)


def parse_day(text: str, base: date) -> date | None:
    """The day that a text means when today is `base`, in this year if none is named; None if it means none."""
    plain = _plain(text)
    if plain in WORDS:
        return base + timedelta(days=WORDS[plain])
    if OFFSET.fullmatch(plain):
        return base + timedelta(days=int(plain))
    full = YEAR_MONTH_DAY.fullmatch(plain)
    if full:
        year, month, day = (int(part) for part in full.groups() if part)
        return _day(year, month, day)
    short = MONTH_DAY.fullmatch(plain)
    return _day(base.year, int(short[1]), int(short[2])) if short else None


def parse_instant(text: str, base: datetime) -> datetime | None:
    """The minute that a text means at `base`, in the company's time zone; None if it means none.

    A time without a day is today's; today without a time is now, any other day starts at work.
    """
    local = timezone.localtime(base).replace(second=0, microsecond=0)
    plain = _plain(text)
    if plain in NOW:
        return local
    match = TIME.fullmatch(plain)
    day = parse_day((match[1] or "today") if match else plain, local.date())
    if day is None:
        return None
    if not match:
        return local if day == local.date() else timezone.make_aware(datetime.combine(day, START_OF_WORK))
    hour, minute, second = int(match[2]), int(match[3]), int(match[4] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return timezone.make_aware(datetime.combine(day, time(hour, minute, second)))


class DayInput(forms.DateInput):
    """A text box for a day; the page adds a button that opens the browser's calendar."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        words = {"data-date": "day", "data-pick": _("Choose a day"), "placeholder": _("11-22, today, +7")}
        super().__init__({"autocomplete": "off", **words, **(attrs or {})}, format="%Y-%m-%d")


class InstantInput(forms.DateTimeInput):
    """A text box for a day with a time; see `DayInput`."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        words = {
            "data-date": "instant",
            "data-pick": _("Choose day and time"),
            "placeholder": _("11-22 14:30, today, +7"),
        }
        super().__init__({"autocomplete": "off", **words, **(attrs or {})}, format="%Y-%m-%d %H:%M")


class DayField(forms.DateField):
    """A day, typed as one likes."""

    widget = DayInput
    default_error_messages = {"invalid": _("Write a day such as 2026-11-22, 11-22, today or +7.")}

    def to_python(self, value: Any) -> date | None:
        """The day, or None for an empty value."""
        if value in self.empty_values or isinstance(value, date):
            return super().to_python(value)
        day = parse_day(str(value), today())
        if day is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class InstantField(forms.DateTimeField):
    """An instant, typed as one likes; shown and compared to the minute."""

    widget = InstantInput
    default_error_messages = {"invalid": _("Write a day and a time such as 2026-11-22 14:30, 11-22, today or +7.")}

    def to_python(self, value: Any) -> datetime | None:
        """The instant, or None for an empty value."""
        if value in self.empty_values or isinstance(value, date):
            return super().to_python(value)
        instant = parse_instant(str(value), now())
        if instant is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return instant

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether another minute was typed: seconds are not shown, so leaving the box alone changes nothing."""
        try:
            typed = self.to_python(data)
        except ValidationError:
            return True
        return bool(_minute(initial) != _minute(typed))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _minute(value: Any) -> Any:
    return timezone.localtime(value).replace(second=0, microsecond=0) if isinstance(value, datetime) else value or None
