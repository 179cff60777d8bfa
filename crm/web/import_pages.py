"""The way of a table into a list: choose fields, upload, check, import."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.entity.declare import Entity
from crm.entity.forms import quick_fields
from crm.exchange import failures, importing, mapping, templates
from crm.exchange.files.read import FLAWS, Flaw, value_of
from crm.exchange.files.xlsx_writer import letters
from crm.exchange.judge import Judged, Verdict
from crm.exchange.models import Import, ImportRow, OnDuplicate, RowState
from crm.exchange.resource import Column, EntityResource
from crm.exchange.values import text_of
from crm.jobs.models import Job
from crm.kernel.errors import Refused
from crm.org.models import User
from crm.web.doors import find_entity, signed_in
from crm.web.htmx import is_fragment
from crm.web.messages import STOP_POLLING

STEPS = (gettext_lazy("Choose fields"), gettext_lazy("Upload"), gettext_lazy("Check"), gettext_lazy("Import"))
FIRST_ROWS = 10  # shown in any case
PROBLEM_ROWS = 20  # shown besides, of the rows that cannot be imported
FAILED_ROWS = 20  # shown at the end; all of them are in the error file
VERDICTS: dict[Verdict, tuple[Promise, str]] = {
    Verdict.NEW: (gettext_lazy("New record"), "success"),
    Verdict.UPDATE: (gettext_lazy("Update"), "primary"),
    Verdict.SAME: (gettext_lazy("Unchanged"), "neutral"),
    Verdict.DUPLICATE: (gettext_lazy("Duplicate"), "neutral"),
    Verdict.ERROR: (gettext_lazy("Error"), "danger"),
}
COLOURS = {RowState.CREATED: "success", RowState.UPDATED: "primary", RowState.FAILED: "danger"}


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Choose fields for a template, and upload a table."""
    user = signed_in(request.user)
    entity = _entity(user, app, name)
    if request.method != "POST":
        return _show(request, Beginning(entity, user))
    try:
        batch = _uploaded(request, entity, user)
    except Refused as refused:
        return _show(request, Beginning(entity, user, str(refused)), status=422)
    return _go_to(request, batch)


@require_GET
def template(request: HttpRequest, app: str, name: str) -> FileResponse:
    """The workbook to fill in, with the chosen fields."""
    user = signed_in(request.user)
    entity = _entity(user, app, name)
    resource = EntityResource(entity, user)
    fields = list(resource.importable) if "all" in request.GET else request.GET.getlist("fields")
    target: IO[bytes] = TemporaryFile(prefix="crm-template-")  # noqa: SIM115 - the response closes it
    templates.write(resource, fields, target)
    target.seek(0)
    file_name = _("Import %(list)s") % {"list": entity.label_plural}
    return FileResponse(target, as_attachment=True, filename=f"{file_name}.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """The uploaded table before the import, with a verdict on its rows; the import itself afterwards."""
    user = signed_in(request.user)
    batch = _own(request, app, name, pk)
    if request.method == "POST":
        importing.remap(batch, user, request.POST.getlist("fields"), request.POST.get("on_duplicate", ""))
        if not is_fragment(request):
            return redirect(request.path)
    return _show(request, Preview(batch, user) if batch.job is None else Progress(batch))


@require_POST
def start(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Begin the import; sent twice, it begins once."""
    user = signed_in(request.user)
    batch = _own(request, app, name, pk)
    try:
        importing.start(batch, user)
    except Refused as refused:
        return _show(request, Preview(batch, user, str(refused)), status=422)
    return _go_to(request, batch)


@require_GET
def progress(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """How far the import is; the last answer ends the poll and shows the result."""
    batch = _own(request, app, name, pk)
    if batch.job is None:
        raise Http404
    page = Progress(batch)
    return render(request, "exchange/progress.html", {"page": page}, status=200 if page.job.active else STOP_POLLING)


@require_GET
def failed(request: HttpRequest, app: str, name: str, pk: int) -> FileResponse:
    """The error file."""
    batch = _own(request, app, name, pk)
    target: IO[bytes] = TemporaryFile(prefix="crm-failed-")  # noqa: SIM115 - the response closes it
    if not failures.write(batch, target):
        raise Http404
    target.seek(0)
    stem = batch.name.rpartition(".")[0]
    return FileResponse(target, as_attachment=True, filename=f"{stem}_{_('Not imported')}.xlsx")


class Page:
    """What every step shows: the list that it is about, and how far one has come."""

    step = 0
    template = ""

    def __init__(self, entity: Entity, error: str = "") -> None:
        self.entity, self.error = entity, error

    @property
    def title(self) -> str:
        """The heading."""
        return _("Import %(list)s") % {"list": self.entity.label_plural}

    @property
    def steps(self) -> list[tuple[Promise, str]]:
        """Each step's name, and "done", "current" or "" for those to come."""
        return [
            (label, "done" if n < self.step else "current" if n == self.step else "") for n, label in enumerate(STEPS)
        ]


class Beginning(Page):
    """Choosing fields and uploading."""

    template = "exchange/begin.html"
    most_bytes = settings.IMPORT_MAX_BYTES

    def __init__(self, entity: Entity, user: User, error: str = "") -> None:
        super().__init__(entity, error)
        self.user, self.resource = user, EntityResource(entity, user)

    @property
    def fields(self) -> list[tuple[Column, bool]]:
        """What a template may hold, and whether it is ticked at first."""
        usual = set(quick_fields(self.entity, self.user))
        columns = [column for name, column in self.resource.importable.items() if name not in self.resource.finders]
        return [(column, column.required or column.name in usual) for column in columns]


@dataclass(frozen=True)
class PreviewColumn:
    """A column of the uploaded table and what it is taken for."""

    label: str
    field: str


@dataclass(frozen=True)
class PreviewRow:
    """A row of the uploaded table with its verdict."""

    number: int
    label: Promise
    colour: str
    reason: str
    cells: list[tuple[str, bool]]  # text, and whether it is what is wrong


class Preview(Page):
    """The uploaded table with its mapping and a verdict on each of its first rows."""

    step = 2
    template = "exchange/check.html"

    def __init__(self, batch: Import, user: User, error: str = "") -> None:
        super().__init__(importing.entity_of(batch), error)
        self.batch, self.resource = batch, EntityResource(self.entity, user)

    @cached_property
    def columns(self) -> list[PreviewColumn]:
        """The uploaded columns; one without a heading is called by its letter."""
        fields = {index: name for name, index in self.batch.mapping.items()}
        return [
            PreviewColumn(label or _("Column %(letter)s") % {"letter": letters(index)}, fields.get(index, ""))
            for index, label in enumerate(self.batch.header)
        ]

    @property
    def duplicate_rules(self) -> Sequence[tuple[str, Promise]]:
        """What may happen to duplicates."""
        return [(value, label) for value, label in OnDuplicate.choices]

    @cached_property
    def missing(self) -> str:
        """The required fields that no column fills."""
        return _(", ").join(mapping.missing(self.resource, self.batch.mapping))

    @cached_property
    def judged(self) -> list[Judged]:
        """The verdicts on the first rows."""
        return importing.preview(self.batch, self.resource)

    @property
    def is_whole(self) -> bool:
        """Whether the verdicts are on all rows."""
        return self.batch.total <= importing.SAMPLE

    @property
    def counts(self) -> list[tuple[Promise, str, int]]:
        """Label, colour and number of each verdict that occurs."""
        found = Counter(one.verdict for one in self.judged)
        return [(label, colour, found[verdict]) for verdict, (label, colour) in VERDICTS.items() if found[verdict]]

    @property
    def can_start(self) -> bool:
        """Whether any row would be imported, as far as the first rows tell."""
        useful = any(one.verdict is not Verdict.ERROR for one in self.judged)
        return bool(self.batch.mapping) and (useful or not self.is_whole)

    @cached_property
    def rows(self) -> list[PreviewRow]:
        """The first rows, then more of those that cannot be imported."""
        problems = [one for one in self.judged[FIRST_ROWS:] if one.verdict is Verdict.ERROR]
        shown = [*self.judged[:FIRST_ROWS], *problems[:PROBLEM_ROWS]]
        stored = dict(self.batch.rows.filter(number__in=[one.number for one in shown]).values_list("number", "data"))
        return [self._row(one, stored[one.number]) for one in shown]

    def _row(self, one: Judged, data: list[Any]) -> PreviewRow:
        wrong = {self.batch.mapping[name] for name in one.errors if name in self.batch.mapping}
        texts = [_shown(data[index]) if index < len(data) else "" for index in range(len(self.batch.header))]
        cells = [(text, index in wrong) for index, text in enumerate(texts)]
        label, colour = VERDICTS[one.verdict]
        return PreviewRow(one.number, label, colour, importing.sentence(self.resource, one), cells)


class Progress(Page):
    """The import on its way, and its result."""

    step = 3
    template = "exchange/progress_page.html"

    def __init__(self, batch: Import) -> None:
        super().__init__(importing.entity_of(batch))
        if batch.job is None:
            raise ValueError("the import has not started")
        self.batch, self.job = batch, batch.job

    @property
    def counts(self) -> list[tuple[str | Promise, str, int]]:
        """Label, colour and number of what became of the rows so far."""
        states = [state for state in RowState if state is not RowState.PENDING]
        return [(s.label, COLOURS.get(s, "neutral"), self.job.counters.get(s.value, 0)) for s in states]

    @property
    def failed_count(self) -> int:
        """How many rows were not imported."""
        return int(self.job.counters.get(RowState.FAILED.value, 0))

    @property
    def left(self) -> int:
        """Rows that were not looked at, when the import was stopped."""
        return max(0, self.job.total - self.job.done)

    @cached_property
    def failed_rows(self) -> list[ImportRow]:
        """The first rows that were not imported."""
        return list(self.batch.rows.filter(state=RowState.FAILED).order_by("number").defer("data")[:FAILED_ROWS])

    @property
    def seconds(self) -> int:
        """How long it took."""
        job: Job = self.job
        return round(((job.finished_at or timezone.now()) - (job.started_at or job.created_at)).total_seconds())


def _show(request: HttpRequest, page: Page, status: int = 200) -> HttpResponse:
    return render(
        request, page.template if is_fragment(request) else "exchange/page.html", {"page": page}, status=status
    )


def _go_to(request: HttpRequest, batch: Import) -> HttpResponse:
    """The next step of the same import, in place where the browser can do that."""
    address = importing.entity_of(batch).url(f"import/{batch.pk}")
    if not is_fragment(request):
        return redirect(address)
    user = signed_in(request.user)
    response = _show(request, Preview(batch, user) if batch.job is None else Progress(batch))
    response.headers["HX-Push-Url"] = address
    return response


def _uploaded(request: HttpRequest, entity: Entity, user: User) -> Import:
    file = request.FILES.get("files")
    if file is None or not file.name:
        raise Refused(_("Choose a file."))
    if (file.size or 0) > settings.IMPORT_MAX_BYTES:
        most = filesizeformat(settings.IMPORT_MAX_BYTES)
        raise Refused(_("The file is larger than %(size)s. Split it into smaller files.") % {"size": most})
    return importing.upload(entity, user, file, file.name)


def _entity(user: User, app: str, name: str) -> Entity:
    entity = find_entity(user, app, name, "import")
    if entity.exchange is None:
        raise Http404
    return entity


def _own(request: HttpRequest, app: str, name: str, pk: int) -> Import:
    """One's own import into this list, while one may import."""
    user = signed_in(request.user)
    entity = _entity(user, app, name)
    return get_object_or_404(Import.objects.select_related("job"), pk=pk, by=user, entity=entity.key)


def _shown(cell: Any) -> str:
    value = value_of(cell)
    return f"({FLAWS[value]})" if isinstance(value, Flaw) else text_of(value)


urlpatterns = [
    path("import/", begin, name="import"),
    path("import/template/", template, name="import-template"),
    path("import/<int:pk>/", check, name="import-check"),
    path("import/<int:pk>/start/", start, name="import-start"),
    path("import/<int:pk>/progress/", progress, name="import-progress"),
    path("import/<int:pk>/failed/", failed, name="import-failed"),
]
