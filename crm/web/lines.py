"""The grid of lines as its templates show it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from crm.entity.cells import format_number
from crm.entity.lines import FACTORS, RESULTS, LineRows, Row
from crm.kernel.money import capitals

# Empty lines that a form offers: one for a page with scripts, which adds more, and some for one without.
BLANK = 1
MORE = 5
# So many errors are listed above the grid, so that none has to be looked for.
LISTED = 3
WORDS = {"net": _("Net"), "tax": _("Tax"), "reduction": _("Reduction"), "total": _("Total")}


@dataclass(frozen=True)
class Head:
    """The head of a column."""

    name: str
    label: str
    kind: str
    numeric: bool
    required: bool
    help: str | Promise


@dataclass(frozen=True)
class GridCell:
    """A cell: a control, or a text that follows from the others."""

    head: Head
    field: BoundField | None
    text: str

    @property
    def control(self) -> SafeString:
        """The control, named by its column."""
        return self.field.as_widget(attrs={"aria-label": self.head.label}) if self.field else SafeString()

    @property
    def errors(self) -> list[str]:
        """What is wrong with what was typed."""
        bound = self.field is not None and self.field.form.is_bound
        return [str(text) for text in self.field.errors] if self.field is not None and bound else []


@dataclass(frozen=True)
class GridRow:
    """A line as cells."""

    row: Row
    number: int
    cells: list[GridCell]
    # Factors of the amounts that nobody types here: name → value.
    fixed: dict[str, str]

    @property
    def problems(self) -> list[str]:
        """What is wrong with the line as a whole."""
        told = self.row.form.is_bound and not self.row.is_empty
        return [str(text) for text in self.row.form.non_field_errors()] if told else []


class Grid:
    """Lines for one user."""

    def __init__(self, lines: LineRows) -> None:
        self.lines, self.declared = lines, lines.declared

    @cached_property
    def heads(self) -> list[Head]:
        """The columns."""
        return [
            Head(
                name=column.path,
                label=capfirst(str(column.label)),
                kind=column.kind,
                numeric=column.numeric,
                required=self.lines.writable(column.path) and self.lines.rows[0].form.fields[column.path].required,
                help=getattr(column.field, "help_text", ""),
            )
            for column in self.lines.columns
        ]

    @cached_property
    def rows(self) -> list[GridRow]:
        """The lines."""
        return [self._row(row, number) for number, row in enumerate(self.lines.rows, 1)]

    @cached_property
    def template(self) -> GridRow:
        """The row that is copied for a new line."""
        return self._row(self.lines.template(), 0)

    @cached_property
    def errors(self) -> list[tuple[str, str, str]]:
        """What is wrong, where it is too much to be found by looking."""
        found = self.lines.errors
        return found if len(found) >= LISTED else []

    @property
    def amounts(self) -> list[tuple[str, str | Promise, str]]:
        """(name, label, text) of the sums; empty where the user may not see what they follow from."""
        if not self.lines.shows_amounts:
            return []
        return [(name, WORDS[name], format_number(getattr(self.lines.total, name))) for name in self._told]

    @property
    def words(self) -> str:
        """The total in capitals."""
        return capitals(self.lines.total.total)

    @property
    def _told(self) -> list[str]:
        """What of the sums says something: without taxes and discounts there is the total alone."""
        shown = {"tax_rate": ("net", "tax"), "discount": ("reduction",)}
        told = [name for factor, names in shown.items() if factor in self.declared.factors for name in names]
        return [*told, "total"]

    def _row(self, row: Row, number: int) -> GridRow:
        typed = row.form.fields
        cells = [self._cell(head, row) for head in self.heads]
        fixed = {name: str(getattr(row.line, name) or 0) for name in self.declared.factors if name not in typed}
        return GridRow(row, number, cells, fixed if self.lines.shows_amounts else {})

    def _cell(self, head: Head, row: Row) -> GridCell:
        if head.name in row.form.fields:
            return GridCell(head, row.form[head.name], "")
        if head.name in RESULTS:
            shown = self.lines.shows_amounts and not row.is_empty
            amount = getattr(self.declared.amounts(row.line), head.name)
            return GridCell(head, None, format_number(amount) if shown else "")
        column: Any = self.lines.seen.get(head.name)
        return GridCell(head, None, "" if row.is_new else self.lines.text(column, row))

    @property
    def factors(self) -> str:
        """The fields from which scripts compute, as far as they may."""
        return " ".join(name for name in FACTORS if name in self.declared.factors) if self.lines.shows_amounts else ""
