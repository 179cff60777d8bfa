"""The lists of past imports and exports: one's own, for managers of the system everybody's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.entity.dates import parse_day
from crm.entity.declare import Entity
from crm.exchange import log, origin
from crm.exchange.retention import EXPORTS_KEPT, IMPORTS_KEPT
from crm.jobs import handlers
from crm.jobs.models import Job, State
from crm.kernel import registry
from crm.kernel.dates import now, start_of_day, today
from crm.kernel.phrases import said
from crm.org.models import User
from crm.web.doors import signed_in
from crm.web.export_pages import FETCHED_WITHIN
from crm.web.messages import COLOURS

PAGE = 50
KINDS = {"imports": _("Imports"), "exports": _("Exports")}
KEPT: dict[str, timedelta] = {"imports": IMPORTS_KEPT, "exports": EXPORTS_KEPT}


@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    """Past imports, newest first."""
    return _show(request, "imports", log.imports_for, ImportLine)


@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """Past exports, newest first."""
    return _show(request, "exports", log.exports_for, ExportLine)


@dataclass(frozen=True)
class Line:
    """One of them, with what its reader may do with it."""

    row: Any
    user: User

    @property
    def entity(self) -> Entity | None:
        """Where it went or came from; None if this version of the product has no such list."""
        found: Entity | None = registry.find(self.row.entity)
        return found

    @property
    def jobs(self) -> list[Job]:
        """What ran for it in the background."""
        return [self.row.job] if self.row.job else []

    @property
    def states(self) -> list[tuple[str, str, str]]:
        """State, its colour and the counts in words, of each job."""
        return [(job.get_state_display(), COLOURS.get(State(job.state), "neutral"), _summary(job)) for job in self.jobs]


class ImportLine(Line):
    """A past import."""

    @property
    def name(self) -> str:
        """The uploaded file."""
        return str(self.row.name)

    @property
    def jobs(self) -> list[Job]:
        """The import, and its undoing if there was one."""
        return [job for job in (self.row.job, self.row.undo) if job]

    @property
    def url(self) -> str:
        """Its page, for whoever may still import there."""
        may = self.entity is not None and self.entity.exchange is not None and self.entity.can(self.user, "import")
        return self.entity.url(f"import/{self.row.pk}") if may and self.entity else ""

    @property
    def records_url(self) -> str:
        """The list of the records that it wrote; empty where they were taken back or its rows are gone."""
        there = bool(self.row.file) and self.row.undo is None
        return origin.address(self.entity, self.row) if there and self.url and self.entity else ""


class ExportLine(Line):
    """A past export."""

    @property
    def name(self) -> str:
        """The kind of file."""
        return str(self.row.get_format_display())

    @property
    def url(self) -> str:
        """The file, for whoever made it, while it is there."""
        mine = self.entity is not None and self.row.by_id == self.user.pk and self.entity.can(self.user, "export")
        there = bool(self.row.file) or (self.row.job_id is None and now() - self.row.at <= FETCHED_WITHIN)
        return self.entity.url(f"export/{self.row.pk}") if mine and there and self.entity else ""


@dataclass(frozen=True)
class Asked:
    """What the filters of the page say."""

    kind: str = ""
    who: str = ""
    since: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "Asked":
        """From the address."""
        given = {name: request.GET.get(name, "").replace("\x00", "").strip()[:60] for name in ("kind", "who", "since")}
        return cls(**given)

    def of_rows(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that fit."""
        if self.kind:
            rows = rows.filter(entity=self.kind)
        if self.who:
            rows = rows.filter(by__real_name__icontains=self.who)
        day = parse_day(self.since, today()) if self.since else None
        return rows.filter(at__gte=start_of_day(day)) if day else rows


def _show(request: HttpRequest, kind: str, rows_for: Callable[[User], QuerySet[Any]], line: type[Line]) -> HttpResponse:
    user, asked = signed_in(request.user), Asked.of(request)
    found = Paginator(asked.of_rows(rows_for(user)).order_by("-pk"), PAGE).get_page(request.GET.get("page"))
    params = request.GET.copy()
    params.pop("page", None)
    context = {
        "kinds": KINDS.items(),
        "kind": kind,
        "asked": asked,
        "entities": [entity for entity in registry.entities() if entity.exchange],
        "page": found,
        "lines": [line(row, user) for row in found],
        "query": params.urlencode(),
        "all": user.is_staff,
        "days": KEPT[kind].days,
    }
    return render(request, "exchange/log.html", context)


def _summary(job: Job) -> str:
    handler = handlers.find(job.kind)
    found = handler.summary(job) if handler else None
    return said(found) if found else ""


urlpatterns = [
    path("imports/", imports, name="imports"),
    path("exports/", exports, name="exports"),
]
