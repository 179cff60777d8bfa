"""Statistics (统计) of a list: in a drawer beside it, on a page of their own, and as a file."""

from collections.abc import Sequence
from functools import cached_property
from tempfile import TemporaryFile
from typing import IO, Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.entity.catalogue import catalogue
from crm.entity.cells import EMPTY, format_number
from crm.entity.columns import BoundColumn
from crm.entity.declare import Entity
from crm.entity.query import ListQuery
from crm.entity.statistics import (
    DATES,
    DEFAULT_STEP,
    STEPS,
    Dimension,
    Group,
    Measure,
    Table,
    Tally,
    compute,
    groupable,
    measures,
)  # fmt: skip
from crm.exchange.files.columns import Kind, column
from crm.exchange.files.csv_writer import write_csv
from crm.exchange.files.xlsx_writer import write_xlsx
from crm.kernel.errors import Refused
from crm.org.access import access_of
from crm.org.models import User
from crm.record.names import names
from crm.web import charts
from crm.web.doors import find_entity, signed_in
from crm.web.drill import drill
from crm.web.htmx import is_fragment
from crm.web.list import without_empty

# What is chosen stands in the address beside the list's query; no field is called so.
BY, THEN, MEASURE, STEP, OVER = CHOICES = ("stat-by", "stat-then", "stat-of", "stat-unit", "stat-over")
FORMATS = ("xlsx", "csv")
REMEMBERED = "statistics"


@require_safe
def page(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """The drawer for htmx, else the page with the same content."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    shown = Statistics(entity, with_last_choice(request, entity), user)
    template = "statistics/drawer.html" if is_fragment(request) else "statistics/page.html"
    return render(request, template, {"statistics": shown})


@require_safe
def export(request: HttpRequest, app: str, name: str) -> FileResponse:
    """The table as a file, of the rows that the user may export."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name, "export")
    if entity.exchange is None or request.GET.get("format") not in FORMATS:
        raise Http404
    shown = Statistics(entity, without_empty(request.GET), user, perm="export")
    kind = request.GET["format"]
    # Written to its end before anything is sent, so that a failure is an error page and not half a file.
    target: IO[bytes] = TemporaryFile(prefix="crm-statistics-")  # noqa: SIM115 - the response closes it
    heads = [column(capfirst(str(shown.dimensions[0].label))), *(column(head, Kind.MIXED) for head in shown.heads)]
    if kind == "csv":
        write_csv(target, heads, shown.lines)
    else:
        write_xlsx(target, entity.label_plural, heads, shown.lines)
    target.seek(0)
    at = f"{timezone.localtime():%Y%m%d_%H%M}"
    return FileResponse(target, as_attachment=True, filename=f"{entity.label_plural}_{_('Statistics')}_{at}.{kind}")


def with_last_choice(request: HttpRequest, entity: Entity) -> QueryDict:
    """The parameters of the address, and where it names no choice, the one that this user made last."""
    params = without_empty(request.GET)
    kept = request.session.get(REMEMBERED, {})
    made = {name: params[name] for name in CHOICES if name in params and name != OVER}
    if not made:
        for name, value in kept.get(entity.key, {}).items():
            params[name] = value
    elif kept.get(entity.key) != made:
        request.session[REMEMBERED] = {**kept, entity.key: made}
    return params


class Line:
    """One row of the table as the page shows it."""

    def __init__(self, label: str, cells: Sequence[charts.Figure], total: charts.Figure) -> None:
        self.label, self.cells, self.total = label, cells, total


class Statistics:
    """What is counted, of which rows, and how it is shown."""

    def __init__(self, entity: Entity, params: QueryDict, user: User, perm: str = "view") -> None:
        self.entity, self.user, self.perm = entity, user, perm
        self.params = params
        self.fields = catalogue(entity, user)
        self.groupable = groupable(self.fields)
        self.names = names(getattr(user, "org_stamp", None))

    # -- which rows

    @cached_property
    def list_params(self) -> QueryDict:
        """The list's query as it stands in the address."""
        params = self.params.copy()
        for name in (*CHOICES, "page", "size", "sort", "format"):
            params.pop(name, None)
        return params

    @property
    def is_narrowed(self) -> bool:
        """Whether the list shows less than all rows, so that there are two answers."""
        return bool(self.list_params)

    @property
    def over_all(self) -> bool:
        """Whether all rows count instead of those that the query finds."""
        return not self.is_narrowed or self.params.get(OVER) == "all"

    @cached_property
    def query(self) -> ListQuery:
        """The rows that count."""
        params = QueryDict() if self.over_all else self.list_params
        return ListQuery(self.entity, params, self.user)

    # -- what is chosen

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Path and label of the fields to group by."""
        return [(path, capfirst(str(column.label))) for path, column in self.groupable.items()]

    @cached_property
    def by(self) -> str:
        """The field that makes the groups: the one asked for, else the first ready-made one."""
        ready = [stat.group for stat in self.entity.stats]
        wanted = [self.params.get(BY, ""), *ready, *self.groupable]
        return next(path for path in wanted if path in self.groupable)

    @cached_property
    def then(self) -> str:
        """The field that divides the groups; empty for none."""
        wanted = self.params.get(THEN, "")
        return wanted if wanted in self.groupable and wanted != self.by else ""

    @cached_property
    def step(self) -> str:
        """The unit of time."""
        wanted = self.params.get(STEP, "")
        return wanted if wanted in STEPS else DEFAULT_STEP

    @property
    def steps(self) -> Sequence[tuple[str, str | Promise]]:
        """The units of time, if a date makes groups."""
        return list(STEPS.items()) if any(dimension.is_time for dimension in self.dimensions) else []

    @cached_property
    def measures(self) -> list[Measure]:
        """What can be counted, summed and averaged."""
        return measures(self.fields)

    @cached_property
    def measure(self) -> Measure:
        """What is told of each group."""
        wanted = self.params.get(MEASURE, "")
        return next((measure for measure in self.measures if measure.key == wanted), self.measures[0])

    @cached_property
    def dimensions(self) -> list[Dimension]:
        """The chosen fields, time first: it runs down the table and along the chart."""
        chosen = [self._dimension(self.groupable[path]) for path in (self.by, self.then) if path]
        return sorted(chosen, key=lambda dimension: not dimension.is_time)

    def _dimension(self, column: BoundColumn) -> Dimension:
        return Dimension(column, self.step if column.kind in DATES else "")

    @property
    def ready_made(self) -> list[tuple[str | Promise, str, bool]]:
        """(label, address, chosen) of the statistics that the entity declares."""
        return [
            (stat.label, self._url(**{BY: stat.group, THEN: "", MEASURE: ""}), self.by == stat.group and not self.then)
            for stat in self.entity.stats
            if stat.group in self.groupable
        ]

    # -- the figures

    @cached_property
    def table(self) -> Table | None:
        """The figures; None if there would be too many (see `refusal`)."""
        rows = self.query.matching
        if self.perm != "view":
            rows = rows.filter(self.entity.model.visible(self.user, access_of(self.user), self.perm, self.entity.part))
        try:
            return compute(rows, self.dimensions, self.measure, self.names, self.user)
        except Refused as refused:
            self.refusal = str(refused)
            return None

    refusal = ""

    @property
    def count(self) -> str:
        """How many rows the figures are about."""
        return format_number(self.table.total.rows) if self.table else ""

    @cached_property
    def body(self) -> list[Line]:
        """The table's rows."""
        return [self._line(place, row) for place, row in enumerate(self.table.rows)] if self.table else []

    @property
    def foot(self) -> Line | None:
        """The sums below; averages have none but that of all rows."""
        if not self.table:
            return None
        cells = [
            self._figure(self.table.column_total(place), None, group) for place, group in enumerate(self.table.columns)
        ]
        return Line(_("Total"), cells, self._figure(self.table.total, None, None))

    @property
    def columns(self) -> list[str]:
        """The labels of the groups of the second field."""
        return [group.label for group in self.table.columns] if self.table else []

    @property
    def heads(self) -> list[str]:
        """What stands above the figures."""
        return [*self.columns, _("Total")] if self.columns else [self.measure.label]

    @property
    def lines(self) -> list[list[Any]]:
        """The table for a file: labels and plain numbers, the sums last. Raises `Refused` if it is too large."""
        if not self.table:
            raise Refused(self.refusal)
        found = [*self.body, *([self.foot] if self.foot else [])]
        return [[line.label, *(cell.number for cell in line.cells), line.total.number] for line in found]

    @cached_property
    def chart(self) -> "charts.Bars | charts.Lines | None":
        """The same as a picture; None where there is nothing to see."""
        if not self.table or not self.table.total.rows:
            return None
        labels = [line.label for line in self.body]
        if self.dimensions[0].is_time and len(labels) > 1:
            cells = [line.cells for line in self.body] if self.columns else [[line.total] for line in self.body]
            return charts.lines(labels, list(zip(*cells, strict=True)), self.columns)
        parts = [line.cells for line in self.body]
        return charts.bars(
            labels, [line.total for line in self.body], parts, self.columns, stacked=self.measure.adds_up
        )

    def _line(self, place: int, row: Group) -> Line:
        table: Any = self.table
        cells = [self._figure(table.cell(place, index), row, group) for index, group in enumerate(table.columns)]
        return Line(row.label, cells, self._figure(table.row_total(place), row, None))

    def _figure(self, tally: Tally, row: Group | None, column_group: Group | None) -> charts.Figure:
        number = tally.number(self.measure)
        text = EMPTY if number is None else format_number(number)
        if not self.table or not tally.rows:
            return charts.Figure(number, text)
        groups = zip(self.dimensions, (row, column_group), (self.table.rows, self.table.columns), strict=False)
        chosen = [(dimension, group, all_groups) for dimension, group, all_groups in groups if group]
        return charts.Figure(number, text, drill(self.query, chosen))

    # -- addresses

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The list's query, for the form that changes the choice."""
        return [(name, str(value)) for name in self.list_params for value in self.list_params.getlist(name)]

    @property
    def url(self) -> str:
        """Where the form is sent to."""
        return self.entity.url("statistics")

    @property
    def back(self) -> str:
        """The list whose rows count."""
        text = self.list_params.urlencode()
        return f"{self.entity.url('list')}?{text}" if text else self.entity.url("list")

    @property
    def files(self) -> list[tuple[str, str]]:
        """(name, address) of the table as a file, if the user may export."""
        if self.entity.exchange is None or not self.entity.can(self.user, "export"):
            return []
        chosen = {BY: self.by, THEN: self.then, MEASURE: self.measure.key, STEP: self.step}
        params = self._params(**chosen)
        return [(kind, f"{self.entity.url('statistics/export')}?{params}&format={kind}") for kind in FORMATS]

    def _url(self, **changes: str) -> str:
        return f"{self.url}?{self._params(**changes)}"

    def _params(self, **changes: str) -> str:
        params = self.params.copy()
        for name, value in changes.items():
            params.pop(name, None)
            if value:
                params[name] = value
        return params.urlencode()


urlpatterns = [
    path("statistics/", page, name="statistics"),
    path("statistics/export/", export, name="statistics-export"),
]
