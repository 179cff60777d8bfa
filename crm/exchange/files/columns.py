"""What a written table's column is: its heading and the kind of its values."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How the values of a column are written; None is an empty cell in all of them."""

    TEXT = "text"  # str; never taken for a number, a date or a formula
    NUMBER = "number"  # int, float or Decimal
    MONEY = "money"  # Decimal, shown with two places and thousands
    DATE = "date"  # date
    DATETIME = "datetime"  # datetime; aware ones are written in the active time zone
    MIXED = "mixed"  # any of the above, each cell as its own type


@dataclass(frozen=True)
class Column:
    """A heading and what stands below it."""

    label: str
    kind: Kind = Kind.TEXT
    width: float = 16.0  # in characters of the default font


WIDTHS = {Kind.TEXT: 18.0, Kind.NUMBER: 12.0, Kind.MONEY: 14.0, Kind.DATE: 12.0, Kind.DATETIME: 18.0, Kind.MIXED: 16.0}


def column(label: str, kind: Kind = Kind.TEXT) -> Column:
    """A column wide enough for its heading and for the usual values of its kind."""
    return Column(label, kind, min(max(WIDTHS[kind], 2 * len(label) + 2.0), 60.0))
