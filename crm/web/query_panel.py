"""The panel of the advanced query (高级查询): rows of field, operator and value; nothing happens before 查询.

The panel's own fields exist only until its form is sent: `run` turns them into the one parameter `where`.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property
from secrets import token_hex
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.entity.columns import BoundColumn
from crm.entity.conditions import periods, tree
from crm.entity.conditions.operators import Operator, operator_of, operators_of
from crm.entity.conditions.terms import ME, MINE, TEAM, YES_NO
from crm.entity.conditions.tree import JOINS, Condition, Group, Join
from crm.entity.dates import parse_day
from crm.entity.query import ListQuery
from crm.kernel import registry
from crm.kernel.dates import today
from crm.web import list as lists
from crm.web.doors import find_entity, signed_in
from crm.web.filter_bar import MANY
from crm.web.htmx import is_fragment

# Rows that wait, still without a value, in a panel that is opened without a query.
OFFERED = 6
# What the panel's fields are called; the part behind the name is a row or a group.
OWN = ("row", "field_", "op_", "value_", "days_", "join_")
TOP = "0"


@require_safe
def panel(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """The panel with the present query, or with blank conditions on the main fields."""
    template = "list/query.html" if is_fragment(request) else "list/query_page.html"
    return render(request, template, {"panel": _panel(request, app, name)})


@require_safe
def row(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """One row anew after its field or operator has changed, or a new one for a group."""
    shown = _panel(request, app, name)
    known = request.GET.get("row", "")
    return render(request, "list/condition.html", {"row": shown.changed_row(known) if known else shown.new_row()})


@require_safe
def group(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """A new group with one blank row."""
    return render(request, "list/condition_group.html", {"group": _panel(request, app, name).new_group()})


@require_safe
def run(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """The list with the query that the panel asks for."""
    shown = _panel(request, app, name)
    params = lists.without_empty(request.GET)
    for own in [key for key in params if key.startswith(OWN)]:
        del params[own]
    params.pop("page", None)
    params["where"] = tree.write(shown.collected())
    listed = lists.List(shown.query.entity, lists.without_empty(params), shown.query.user)
    if not is_fragment(request):
        return redirect(listed.query.url())
    return lists.fragment(request, listed, "list/query_done.html")


def _panel(request: HttpRequest, app: str, name: str) -> "Panel":
    user = signed_in(request.user)
    return Panel(ListQuery(find_entity(user, app, name), lists.without_empty(request.GET), user))


class Row:
    """One condition as it is typed."""

    def __init__(
        self, panel: "Panel", name: str, column: BoundColumn, operator: Operator, values: Sequence[str]
    ) -> None:
        self.panel, self.name, self.column, self.operator, self.values = panel, name, column, operator, values

    @property
    def fields(self) -> list[BoundColumn]:
        """What can be asked for."""
        return self.panel.fields

    @property
    def operators(self) -> Sequence[Operator]:
        """What can be asked of the field."""
        return operators_of(self.column)

    @property
    def control(self) -> str:
        """How the value is typed: the operator's shape, or for several values where they come from."""
        if self.operator.shape != "several":
            return self.operator.shape
        return self.column.kind if self.column.kind in ("user", "record") else "choices"

    @property
    def value(self) -> str:
        """The first value."""
        return self.values[0] if self.values else ""

    @property
    def second(self) -> str:
        """The second value, of a range."""
        return self.values[1] if len(self.values) > 1 else ""

    @cached_property
    def choices(self) -> list[tuple[str, str, bool]]:
        """(value, label, chosen) of what can be ticked."""
        return [(value, label, value in self.values) for value, label in self._choices()]

    def _choices(self) -> Iterator[tuple[str, str]]:
        names, label = self.panel.query.names, self.panel.query.terms.label
        match self.column.kind:
            case "choice":
                values = [value for value, _label in cast(Any, self.column.field).flatchoices]
            case "user":
                values = [ME, TEAM]
            case "department":
                values = [MINE, *names.departments]
            case "bool":
                values = list(YES_NO)
            case _:
                values = [option.pk for option in names.options_of(cast(Any, self.column.field).list)]
        # What is chosen stays on offer, though retired since.
        for value in dict.fromkeys([*map(str, values), *(self.values if self.control == "choices" else ())]):
            told = label(self.column, value)
            if told is not None:
                yield value, told

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """(value, label) of people or records that were searched for."""
        told = [(value, self.panel.query.terms.label(self.column, value)) for value in self.values]
        return [(value, label) for value, label in told if label is not None and value not in (ME, TEAM)]

    @property
    def summary(self) -> str:
        """What is chosen, in words."""
        told = [self.panel.query.terms.label(self.column, value) for value in self.values]
        return _(", ").join(label for label in told if label is not None)

    @property
    def has_many(self) -> bool:
        """Whether the choices need a field that narrows them."""
        return len(self.choices) > MANY

    @property
    def options_url(self) -> str:
        """Where records are searched for."""
        entity = registry.for_model(cast(Any, self.column.field).related_model)
        return entity.url("options") if entity else ""

    @property
    def periods(self) -> list[tuple[str, str | Promise]]:
        """The relative dates; those of a number of days come last."""
        return [*periods.NAMED.items(), *periods.WITH_NUMBER.items()]

    @property
    def period(self) -> tuple[str, str]:
        """The chosen period and its number of days."""
        name, _dash, number = self.value.partition("-")
        return name, number


class Box:
    """A group of the panel."""

    def __init__(self, panel: "Panel", name: str, join: Join, rows: list[Row]) -> None:
        self.panel, self.name, self.join, self.rows = panel, name, join, rows


class Panel:
    """What the panel shows."""

    def __init__(self, query: ListQuery) -> None:
        self.query, self.entity = query, query.entity
        self.sent = query.params

    @cached_property
    def fields(self) -> list[BoundColumn]:
        """Every field that this reader can ask for."""
        return [column for column in self.query.terms.fields.fields.values() if operators_of(column)]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The rest of the list's query, which the panel does not touch."""
        params = self.sent
        left = [key for key in params if key not in ("where", "page") and not key.startswith(OWN)]
        return [(key, str(value)) for key in left for value in params.getlist(key)]

    @cached_property
    def boxes(self) -> list[Box]:
        """The groups: the outermost first."""
        where = self.query.where
        self.query.terms.compile(where)  # looks up the names of records
        single = [item for item in where.items if isinstance(item, Condition)]
        inner = [item for item in where.items if isinstance(item, Group)]
        top = Box(self, TOP, where.join, self._rows(TOP, single) if where else self._offered())
        return [
            top,
            *(Box(self, str(n), one.join, self._rows(str(n), one.conditions())) for n, one in enumerate(inner, 1)),
        ]

    def _rows(self, box: str, conditions: Any) -> list[Row]:
        rows = []
        for number, condition in enumerate(conditions):
            column = self.query.terms.fields.get(condition.path)
            operator = operator_of(column, condition.operator) if column else None
            if column and operator:
                rows.append(Row(self, f"{box}.{number}", column, operator, condition.values))
        return rows

    def _offered(self) -> list[Row]:
        paths = dict.fromkeys([self.entity.model.name_field, *self.query.filters.base_filters])
        columns = [column for column in self.query.terms.fields.choose(paths) if operators_of(column)]
        return [
            Row(self, f"{TOP}.{number}", column, operators_of(column)[0], ())
            for number, column in enumerate(columns[:OFFERED])
        ]

    def new_row(self, box: str = "") -> Row:
        """A blank row for a group."""
        box = box or self.sent.get("group", TOP)
        column = self.fields[0]
        return Row(self, f"{box}.{token_hex(4)}", column, operators_of(column)[0], ())

    def new_group(self) -> Box:
        """A group that joins the other way than the outermost one, with a blank row."""
        name = token_hex(4)
        join: Join = "all" if self.sent.get(f"join_{TOP}") == "any" else "any"
        return Box(self, name, join, [self.new_row(name)])

    def changed_row(self, name: str) -> Row:
        """A row as it was sent; the value stays where the new operator takes the same kind of value."""
        column, operator = self._asked(name)
        values = self._values(name, operator) or ()
        self.query.terms.compile(Group("all", (Condition(column.path, operator.name, values),)))
        return Row(self, name, column, operator, values)

    # -- what was sent

    def collected(self) -> Group:
        """The query that was typed, without the rows that say nothing."""
        boxes: dict[str, list[Condition | Group]] = {TOP: []}
        for name in self.sent.getlist("row"):
            column, operator = self._asked(name)
            values = self._values(name, operator)
            if values is not None:
                boxes.setdefault(name.partition(".")[0], []).append(Condition(column.path, operator.name, values))
        inner = [Group(self._join(name), tuple(items)) for name, items in boxes.items() if name != TOP]
        return Group(self._join(TOP), (*boxes[TOP], *inner))

    def _join(self, box: str) -> Join:
        sent = self.sent.get(f"join_{box}", "")
        return cast(Join, sent) if sent in JOINS else "all"

    def _asked(self, name: str) -> tuple[BoundColumn, Operator]:
        column = self.query.terms.fields.get(self.sent.get(f"field_{name}", ""))
        if column is None or not operators_of(column):
            column = self.fields[0]
        return column, operator_of(column, self.sent.get(f"op_{name}", "")) or operators_of(column)[0]

    def _values(self, name: str, operator: Operator) -> tuple[str, ...] | None:
        """The values of a row as a query writes them; None if nothing was typed."""
        typed = [value.strip() for value in self.sent.getlist(f"value_{name}")]
        match operator.shape:
            case "none":
                return ()
            case "several":
                values = list(dict.fromkeys(value for value in typed if value))
            case "numbers":
                values = [_plain_number(value) for value in typed[:2]]
            case "number":
                values = [_plain_number(value) for value in typed[:1]]
            case "day" | "days":
                values = [_plain_day(value) for value in typed[: 2 if operator.shape == "days" else 1]]
            case "period":
                values = [_counted(value, self.sent.get(f"days_{name}", "")) for value in typed[:1]]
            case _:
                values = typed[:1]
        return tuple(values) if any(values) else None


def _plain_number(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "")


def _plain_day(text: str) -> str:
    """A typed day as the query writes it; what means no day stays, so that it can be told."""
    day = parse_day(text, today()) if text else None
    return day.isoformat() if day else text


def _counted(period: str, number: str) -> str:
    """A period of a number of days needs that number."""
    if period not in periods.WITH_NUMBER:
        return period
    number = _plain_number(number)
    return f"{period}-{number}" if number else ""


urlpatterns = [
    path("query/", panel, name="query"),
    path("query/row/", row, name="query-row"),
    path("query/group/", group, name="query-group"),
    path("query/run/", run, name="query-run"),
]
