"""A value as its reader sees it: the same text in lists, on the 360 page, in exports and in history."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from crm.entity.columns import BoundColumn
from crm.entity.masking import masked
from crm.kernel import registry
from crm.record.names import Names

EMPTY = "--"


@dataclass(frozen=True)
class Cell:
    """What a cell shows: text, and for some kinds a colour (of a tag) or a link."""

    text: str
    colour: str = ""
    link: str = ""
    empty: bool = False


def cell(column: BoundColumn, record: Any, names: Names) -> Cell:
    """The cell of a column for a record."""
    value = column.value(record)
    if value is None or value == "":
        return Cell(EMPTY, empty=True)
    if column.mask and column.mask.hides(record):
        return Cell(masked(value, column.kind))
    if column.kind == "option":
        option = names.options.get(value)
        return Cell(option.label, colour=option.colour) if option else Cell(EMPTY, empty=True)
    if column.kind == "choice":
        return Cell(choice_label(column, value), colour=choice_colour(column, value))
    text = text_of(column, value, names, record)
    return Cell(text, link=_link(column, value)) if text else Cell(EMPTY, empty=True)


def text_of(column: BoundColumn, value: Any, names: Names, record: Any = None) -> str:
    """A value as plain text in the active language; empty values give an empty text.

    Where the reader may see a part only, the record says whether this is such a case; without it, it is.
    """
    if value is None or value == "":
        return ""
    if column.mask and (record is None or column.mask.hides(record)):
        return masked(value, column.kind)
    match column.kind:
        case "user":
            return names.users.get(value, "")
        case "department":
            return names.departments.get(value, "")
        case "option":
            option = names.options.get(value)
            return option.label if option else ""
        case "options":
            chosen = (names.options.get(pk) for pk in value)
            return _(", ").join(option.label for option in chosen if option)
        case "choice":
            return choice_label(column, value)
        case "bool":
            return _("Yes") if value else _("No")
        case "datetime":
            return format_instant(value)
        case "date":
            return format_day(value)
        case "decimal" | "integer":
            return format_number(value)
    return str(value)


def choice_label(column: BoundColumn, value: Any) -> str:
    """The label of a stored choice."""
    choices = dict(column.field.flatchoices) if column.field is not None else {}
    return str(choices.get(value, value))


def choice_colour(column: BoundColumn, value: Any) -> str:
    """The tag colour that the choices' class names for a value (`colours`), or grey."""
    colours = getattr(column.field.model, "choice_colours", {}) if column.field is not None else {}
    return str(colours.get(f"{column.field.name}:{value}", "neutral")) if column.field is not None else "neutral"


def format_instant(value: datetime) -> str:
    """YYYY-MM-DD HH:MM in the company's time zone."""
    return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")


def format_day(value: date) -> str:
    """YYYY-MM-DD."""
    return value.strftime("%Y-%m-%d")


def format_number(value: Decimal | int) -> str:
    """Digits in groups of three; decimals as stored."""
    return str(number_format(value, use_l10n=True, force_grouping=True))


def _link(column: BoundColumn, value: Any) -> str:
    match column.kind:
        case "record":
            entity = registry.for_model(type(value))
            return entity.url("detail", value.pk) if entity else ""
        case "phone":
            return f"tel:{value}"
        case "email":
            return f"mailto:{value}"
        case "url" if str(value).startswith(("http://", "https://")):
            return str(value)
    return ""
