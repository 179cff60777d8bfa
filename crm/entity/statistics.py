"""Statistics (统计): the rows of a query, grouped by one or two fields and counted, summed or averaged.

`compute` asks the database once, whatever the number of groups: the scope is part of the query that it is
given. What fields there are to choose from is the reader's catalogue and nothing else.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from django.db.models import Count, DateField, F, QuerySet, Sum
from django.db.models.functions import Trunc
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from crm.entity.catalogue import Catalogue
from crm.entity.cells import choice_label, text_of
from crm.entity.columns import BoundColumn
from crm.kernel.errors import Refused
from crm.record.names import Names

if TYPE_CHECKING:
    from crm.org.models import User

Kind = Literal["value", "empty", "hidden", "others"]
MeasureKind = Literal["count", "sum", "average"]

DATES = ("date", "datetime")
GROUPABLE = ("option", "choice", "user", "department", "bool", "record", *DATES)
# Units of time, shortest first.
STEPS: dict[str, Promise] = {
    "day": pgettext_lazy("unit of time", "Day"),
    "week": pgettext_lazy("unit of time", "Week"),
    "month": pgettext_lazy("unit of time", "Month"),
    "quarter": pgettext_lazy("unit of time", "Quarter"),
    "year": pgettext_lazy("unit of time", "Year"),
}
DEFAULT_STEP = "month"

# How many groups are shown; the rest are "others".
MOST_ROWS = 20
MOST_COLUMNS = 6
MOST_PERIODS = 62
# What the database may answer; more would be no statistics but a list.
MOST_GROUPS = 20_000


@dataclass(frozen=True)
class Dimension:
    """A field to group by; dates with the unit of time that makes the groups."""

    column: BoundColumn
    step: str = ""

    @property
    def label(self) -> str | Promise:
        """The field's label."""
        return self.column.label

    @property
    def is_time(self) -> bool:
        """Whether its groups follow one another in time."""
        return bool(self.step)


@dataclass(frozen=True)
class Measure:
    """What is told of each group; a sum and an average are of a number field."""

    kind: MeasureKind = "count"
    column: BoundColumn | None = None

    @property
    def key(self) -> str:
        """How URLs call it: `count`, `sum.amount`."""
        return f"{self.kind}.{self.column.path}" if self.column else self.kind

    @property
    def label(self) -> str:
        """Its heading."""
        if self.column is None:
            return _("Number of records")
        pattern = _("Sum of %(field)s") if self.kind == "sum" else _("Average of %(field)s")
        return pattern % {"field": self.column.label}

    @property
    def adds_up(self) -> bool:
        """Whether the numbers of groups make the number of the whole."""
        return self.kind != "average"


@dataclass(frozen=True)
class Group:
    """The rows with one value of a field: a key, the first day of a period, or None for empty ones."""

    value: Any
    label: str
    kind: Kind = "value"


@dataclass
class Tally:
    """What is counted of some rows."""

    rows: int = 0
    # Rows whose number field is filled, and what these come to.
    filled: int = 0
    total: Decimal = Decimal(0)

    def add(self, other: "Tally") -> None:
        """Take in more rows."""
        self.rows += other.rows
        self.filled += other.filled
        self.total += other.total

    def number(self, measure: Measure) -> Decimal | int | None:
        """The figure that a measure asks for; None for the average of nothing."""
        if measure.kind == "count":
            return self.rows
        if measure.kind == "sum":
            return self.total
        return (self.total / self.filled).quantize(Decimal("0.01")) if self.filled else None


@dataclass
class Table:
    """Figures by one field (rows) or two (rows and columns)."""

    by: Sequence[Dimension]
    measure: Measure
    rows: Sequence[Group]
    columns: Sequence[Group] = ()
    cells: Mapping[tuple[int, int], Tally] = field(default_factory=dict)
    row_totals: Mapping[int, Tally] = field(default_factory=dict)
    column_totals: Mapping[int, Tally] = field(default_factory=dict)
    total: Tally = field(default_factory=Tally)

    def cell(self, row: int, column: int) -> Tally:
        """What stands where a row and a column meet."""
        return self.cells.get((row, column)) or Tally()

    def row_total(self, row: int) -> Tally:
        """A row over all columns."""
        return self.row_totals.get(row) or Tally()

    def column_total(self, column: int) -> Tally:
        """A column over all rows."""
        return self.column_totals.get(column) or Tally()


def groupable(fields: Catalogue) -> dict[str, BoundColumn]:
    """Path → field of what this reader may group by."""
    return {
        path: column for path, column in fields.fields.items() if column.kind in GROUPABLE and _can_be_asked(column)
    }


def measures(fields: Catalogue) -> list[Measure]:
    """What this reader may count, sum and average."""
    numbers = [column for column in fields.fields.values() if column.numeric and _can_be_asked(column)]
    kinds: tuple[MeasureKind, ...] = ("sum", "average")
    return [Measure(), *(Measure(kind, column) for column in numbers for kind in kinds)]


def _can_be_asked(column: BoundColumn) -> bool:
    """Whether the database knows it, and the reader may know all of it."""
    return column.field is not None and column.filterable


def compute(rows: QuerySet[Any], by: Sequence[Dimension], measure: Measure, names: Names, user: "User") -> Table:
    """The figures of `rows` by one or two fields; `user` is who reads them.

    Raises `Refused` if the fields make more groups than anybody could read.
    """
    found, whole = _tallies(rows, by, measure)
    kept = [_kept(dimension, found, place, measure) for place, dimension in enumerate(by)]
    groups = [_groups(dimension, keys, others, names, user) for dimension, (keys, others) in zip(by, kept, strict=True)]
    places = [_places(one) for one in groups]
    cells: dict[tuple[int, int], Tally] = defaultdict(Tally)
    row_totals: dict[int, Tally] = defaultdict(Tally)
    column_totals: dict[int, Tally] = defaultdict(Tally)
    for keys, tally in found:
        at = [index.get(key, index.get(_OTHERS, -1)) for index, key in zip(places, keys, strict=True)]
        row_totals[at[0]].add(tally)
        if len(at) > 1:
            cells[at[0], at[1]].add(tally)
            column_totals[at[1]].add(tally)
    columns = groups[1] if len(groups) > 1 else ()
    return Table(by, measure, groups[0], columns, cells, row_totals, column_totals, whole)


def period_end(start: date, step: str) -> date:
    """The last day of the period that begins on a day."""
    return _next_period(start, step) - timedelta(days=1)


# -- asking the database


def _tallies(
    rows: QuerySet[Any], by: Sequence[Dimension], measure: Measure
) -> tuple[list[tuple[tuple[Any, ...], Tally]], Tally]:
    """(keys, tally) of every group, and of all rows together."""
    names = [f"group_{place}" for place in range(len(by))]
    keyed = rows.order_by().values(**{name: _expression(one) for name, one in zip(names, by, strict=True)})
    figures = _aggregates(measure)
    grouped = keyed.annotate(**figures)
    if len(by) == 1:
        grouped = grouped.order_by(F("total" if measure.kind == "sum" else "rows").desc(nulls_last=True))
    lines = list(grouped.values_list(*names, *figures)[: MOST_GROUPS + 1])
    found = [(tuple(_key(value) for value in line[: len(by)]), _tally(line[len(by) :])) for line in lines]
    if len(lines) > MOST_GROUPS:
        if len(by) > 1:
            raise Refused(_("These two fields make too many groups. Choose a longer unit of time or another field."))
        whole = rows.order_by().aggregate(**figures)
        rest = _difference(_tally(list(whole.values())), _sum(tally for _keys, tally in found))
        found.append(((_OTHERS,), rest))
    return found, _sum(tally for _keys, tally in found)


def _expression(dimension: Dimension) -> Any:
    lookup = dimension.column.lookup
    return Trunc(lookup, dimension.step, output_field=DateField()) if dimension.step else F(lookup)


def _aggregates(measure: Measure) -> dict[str, Any]:
    counted: dict[str, Any] = {"rows": Count("*")}
    if measure.column is None:
        return counted
    lookup = measure.column.lookup
    return {**counted, "filled": Count(lookup), "total": Sum(lookup)}


def _tally(figures: Sequence[Any]) -> Tally:
    rows, filled, total = [*figures, 0, 0][:3]
    return Tally(rows, filled, Decimal(total or 0))


def _sum(tallies: Iterator[Tally]) -> Tally:
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole


def _difference(whole: Tally, part: Tally) -> Tally:
    return Tally(whole.rows - part.rows, whole.filled - part.filled, whole.total - part.total)


def _key(value: Any) -> Any:
    """An empty text is the same as nothing."""
    return None if value == "" else value


# -- choosing the groups that are shown

_OTHERS = object()


def _kept(
    dimension: Dimension, found: Sequence[tuple[tuple[Any, ...], Tally]], place: int, measure: Measure
) -> tuple[list[Any], bool]:
    """The keys that get a group of their own, in their order, and whether the others need one."""
    totals: dict[Any, Tally] = defaultdict(Tally)
    for group, tally in found:
        totals[group[place]].add(tally)
    keys = [key for key in totals if key is not _OTHERS]
    if dimension.step:
        return _periods(dimension.step, keys, MOST_COLUMNS if place else MOST_PERIODS)
    most = MOST_COLUMNS if place else MOST_ROWS
    keys.sort(key=lambda key: totals[key].number(measure) or 0, reverse=True)
    return keys[:most], len(totals) > len(keys[:most])


def _periods(step: str, keys: Collection[date | None], most: int) -> tuple[list[Any], bool]:
    """Every period from the first to the last, also those without rows; the latest ones if there are too many."""
    days = sorted(key for key in keys if key is not None)
    empty = [None] if None in keys else []
    if not days:
        return [*empty], False
    shown = [days[-1]]
    while shown[-1] > days[0] and len(shown) < most:
        shown.append(_previous_period(shown[-1], step))
    shown.reverse()
    return [*shown, *empty], days[0] < shown[0]


def _next_period(start: date, step: str) -> date:
    if step == "day":
        return start + timedelta(days=1)
    if step == "week":
        return start + timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}[step]
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _previous_period(start: date, step: str) -> date:
    if step == "day":
        return start - timedelta(days=1)
    if step == "week":
        return start - timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}[step]
    year, month = divmod(start.year * 12 + start.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _places(groups: Sequence[Group]) -> dict[Any, int]:
    """Key → index; keys without a group of their own have the index of the others."""
    places: dict[Any, int] = {}
    for index, group in enumerate(groups):
        if group.kind == "others":
            places[_OTHERS] = index
        elif group.kind == "hidden":
            places.update(dict.fromkeys(group.value, index))
        else:
            places[group.value] = index
    return places


# -- naming them


def _groups(dimension: Dimension, keys: Sequence[Any], others: bool, names: Names, user: "User") -> list[Group]:
    values = [key for key in keys if key is not None]
    labels = _labels(dimension, values, names, user)
    # Records that the reader may not see are counted, but neither named nor told apart.
    hidden = tuple(key for key in values if key not in labels)
    made = [_group(key, labels) for key in keys if key is None or key in labels]
    if hidden:
        made.append(Group(hidden, _("(not yours to see)"), "hidden"))
    if others:
        label = _("Earlier") if dimension.step else _("Others")
        made.append(Group(None, label, "others"))
    return made


def _group(key: Any, labels: Mapping[Any, str]) -> Group:
    return Group(None, _("(empty)"), "empty") if key is None else Group(key, labels[key])


def _labels(dimension: Dimension, keys: Sequence[Any], names: Names, user: "User") -> dict[Any, str]:
    column = dimension.column
    if dimension.step:
        return {key: period_label(key, dimension.step) for key in keys}
    if column.kind == "record":
        model: Any = column.field.related_model if column.field else None
        return {row.pk: str(row) for row in model.objects.visible_to(user).filter(pk__in=keys).defer("search")}
    if column.kind == "choice":
        return {key: choice_label(column, key) for key in keys}
    return {key: text_of(column, key, names) or str(key) for key in keys}


def period_label(start: date, step: str) -> str:
    """How a period is called: 2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026."""
    if step == "week":
        year, week, _day = start.isocalendar()
        return f"{year}-W{week:02}"
    patterns = {
        "day": f"{start:%Y-%m-%d}",
        "month": f"{start:%Y-%m}",
        "quarter": f"{start.year}-Q{(start.month + 2) // 3}",
        "year": str(start.year),
    }
    return patterns[step]
