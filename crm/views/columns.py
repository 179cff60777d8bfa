"""Which columns a list shows, how wide, and how many of them stay in sight while the others scroll."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.entity.catalogue import Catalogue
from crm.entity.columns import BoundColumn

# Pixels; 0 leaves it to the content.
WIDTHS = (0, 100, 160, 240, 360)
MOST_FROZEN = 3
MOST_COLUMNS = 40


@dataclass(frozen=True)
class Columns:
    """A choice of columns: paths with widths in pixels, in order; the first `frozen` ones stay in sight."""

    widths: Mapping[str, int]
    frozen: int = 1

    def as_json(self) -> dict[str, Any]:
        """The form in which it is stored."""
        return {"columns": [[path, width] for path, width in self.widths.items()], "frozen": self.frozen}

    def bound(self, fields: Catalogue) -> list[BoundColumn]:
        """The columns that the reader may see; what names the record always stands first."""
        first = first_column(fields)
        return [first, *(column for column in fields.choose(self.widths) if column.path != first.path)]

    def missing(self, fields: Catalogue) -> int:
        """How many of them do not exist any more, or are hidden from the reader."""
        return sum(1 for path in self.widths if fields.get(path) is None)


def first_column(fields: Catalogue) -> BoundColumn:
    """The column that leads to the record's page."""
    return next(iter([*fields.choose(fields.listed), *fields.fields.values()]))


def usual(fields: Catalogue) -> Columns:
    """What a list shows unless somebody chose otherwise."""
    return Columns(dict.fromkeys(fields.listed, 0))


def from_json(stored: Any) -> Columns | None:
    """A stored choice; None if nothing is stored, or nothing that this version reads."""
    if not isinstance(stored, dict) or not isinstance(stored.get("columns"), list):
        return None
    pairs = [pair for pair in stored["columns"] if isinstance(pair, list) and len(pair) == 2]
    return chosen([str(path) for path, _width in pairs], {str(p): w for p, w in pairs}, stored.get("frozen", 1))


def chosen(paths: Sequence[str], widths: Mapping[str, Any], frozen: Any) -> Columns:
    """A choice as it was sent or stored; nonsense becomes what is usual."""
    known = {path: _one_of(widths.get(path), WIDTHS, 0) for path in dict.fromkeys(paths[:MOST_COLUMNS])}
    return Columns(known, _one_of(frozen, range(1, MOST_FROZEN + 1), 1))


def _one_of(value: Any, allowed: Sequence[int], default: int) -> int:
    return next((number for number in allowed if str(number) == str(value)), default)
