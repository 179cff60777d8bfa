"""What may be asked of which kind of field. Nothing that is not named here reaches the ORM."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from crm.entity.columns import BoundColumn

# What kind of values an operator takes.
Shape = Literal["none", "text", "number", "numbers", "day", "days", "period", "several", "yes"]


@dataclass(frozen=True)
class Operator:
    """One way to ask: its name in the URL, how it reads, and what values it takes."""

    name: str
    label: Promise
    shape: Shape


HAS = Operator("has", pgettext_lazy("condition", "contains"), "text")
LACKS = Operator("lacks", pgettext_lazy("condition", "does not contain"), "text")
IS = Operator("is", pgettext_lazy("condition", "equals"), "text")
STARTS = Operator("starts", pgettext_lazy("condition", "starts with"), "text")
EQ = Operator("eq", pgettext_lazy("condition", "="), "number")
NE = Operator("ne", pgettext_lazy("condition", "≠"), "number")
GT = Operator("gt", pgettext_lazy("condition", ">"), "number")
GE = Operator("ge", pgettext_lazy("condition", "≥"), "number")
LT = Operator("lt", pgettext_lazy("condition", "<"), "number")
LE = Operator("le", pgettext_lazy("condition", "≤"), "number")
AMONG = Operator("between", pgettext_lazy("condition", "between"), "numbers")
PERIOD = Operator("period", pgettext_lazy("condition", "in the period"), "period")
ON = Operator("on", pgettext_lazy("condition", "on"), "day")
BEFORE = Operator("before", pgettext_lazy("condition", "before"), "day")
AFTER = Operator("after", pgettext_lazy("condition", "after"), "day")
FROM_TO = Operator("between", pgettext_lazy("condition", "between"), "days")
IN = Operator("in", pgettext_lazy("condition", "is one of"), "several")
OUT = Operator("out", pgettext_lazy("condition", "is none of"), "several")
UNDER = Operator("under", pgettext_lazy("condition", "is one of, or below"), "several")
YES = Operator("is", pgettext_lazy("condition", "is"), "yes")
EMPTY = Operator("empty", pgettext_lazy("condition", "is empty"), "none")
FILLED = Operator("filled", pgettext_lazy("condition", "is not empty"), "none")

TEXT = (HAS, LACKS, IS, STARTS)
NUMBER = (EQ, NE, GT, GE, LT, LE, AMONG)
DAY = (PERIOD, ON, BEFORE, AFTER, FROM_TO)
CHOICE = (IN, OUT)
# The first of each is what a new condition begins with.
BY_KIND: dict[str, Sequence[Operator]] = {
    **dict.fromkeys(("text", "long", "phone", "email", "url"), TEXT),
    **dict.fromkeys(("integer", "decimal"), NUMBER),
    **dict.fromkeys(("date", "datetime"), DAY),
    **dict.fromkeys(("choice", "option", "options", "user", "record"), CHOICE),
    "department": (IN, UNDER, OUT),
    "bool": (YES,),
}
# An empty value of these is an empty text.
TEXTS = ("text", "long", "phone", "email", "url", "choice")


def operators_of(column: BoundColumn) -> Sequence[Operator]:
    """What may be asked of a field; nothing of what is computed or must not be asked for."""
    if column.field is None or not column.filterable:
        return ()
    known = BY_KIND.get(column.kind, ())
    return (*known, EMPTY, FILLED) if known and can_be_empty(column) else known


def operator_of(column: BoundColumn, name: str) -> Operator | None:
    """The operator of this name, if the field has it."""
    return next((operator for operator in operators_of(column) if operator.name == name), None)


def can_be_empty(column: BoundColumn) -> bool:
    """Whether a record may have no value there."""
    if may_be_null(column):
        return True
    return column.kind in TEXTS and column.field is not None and column.field.blank


def may_be_null(column: BoundColumn) -> bool:
    """Whether the database may have NULL there: also where the value belongs to another record."""
    return column.is_custom or "__" in column.path or column.field is None or column.field.null
