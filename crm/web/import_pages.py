"""The way of a table into a list: choose fields, upload, check, import."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.db.models import Count
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.entity.declare import Entity
from crm.entity.forms import quick_fields
from crm.exchange import failures, importing, mapping, origin, repairing, retention, templates, undoing
from crm.exchange.files.xlsx_writer import letters
from crm.exchange.judge import Judged, Verdict
from crm.exchange.models import WRITTEN, Import, ImportRow, OnDuplicate, RowState, SavedMapping
from crm.exchange.resource import Column, EntityResource
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
COLOURS = {
    RowState.CREATED: "success",
    RowState.UPDATED: "primary",
    RowState.FAILED: "danger",
    RowState.UNDONE: "success",
    RowState.KEPT: "warning",
}
STATES_OF_IMPORT = (RowState.CREATED, RowState.UPDATED, RowState.SKIPPED, RowState.FAILED)
STATES_OF_UNDO = (RowState.UNDONE, RowState.KEPT)


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
    batch = _own(request, app, name, pk) if request.method == "POST" else _seen(request, app, name, pk)
    if request.method == "POST":
        importing.remap(batch, user, _chosen_fields(request, batch, user), request.POST.get("on_duplicate", ""))
        if not is_fragment(request):
            return redirect(request.path)
    return _show(request, Preview(batch, user) if batch.job is None else Progress(batch, user))


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
    batch = _seen(request, app, name, pk)
    if batch.job is None:
        raise Http404
    page = Progress(batch, signed_in(request.user))
    return render(request, "exchange/progress.html", {"page": page}, status=200 if page.running else STOP_POLLING)


@require_GET
def failed(request: HttpRequest, app: str, name: str, pk: int) -> FileResponse:
    """The error file."""
    batch = _seen(request, app, name, pk)
    target: IO[bytes] = TemporaryFile(prefix="crm-failed-")  # noqa: SIM115 - the response closes it
    if not failures.write(batch, target):
        raise Http404
    target.seek(0)
    stem = batch.name.rpartition(".")[0]
    return FileResponse(target, as_attachment=True, filename=f"{stem}_{_('Not imported')}.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
def fix(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """The rows that could not be imported, to be mended in place and tried again."""
    user = signed_in(request.user)
    batch = _own(request, app, name, pk)
    if batch.job is None:
        raise Http404
    if request.method != "POST" or batch.job.active:
        return _show(request, Progress(batch, user) if batch.job.active else Repair(batch, user, _after(request)))
    try:
        told = _mended(request, batch, user)
    except Refused as refused:
        return _show(request, Repair(batch, user, _after(request), str(refused)), status=422)
    if told is None:
        return _go_to(request, batch)
    return _show(request, Repair(batch, user, _after(request), notice=told))


@require_POST
def undo(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Take the import back; asked twice, it is done once."""
    user = signed_in(request.user)
    batch = _own(request, app, name, pk)
    if batch.job is None:
        raise Http404
    try:
        batch.undo = undoing.start(batch, user)
    except Refused as refused:
        return _show(request, Progress(batch, user, str(refused)), status=422)
    return _go_to(request, batch)


@require_POST
def mapping_saved(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Keep the mapping under a name, or forget the one that is named so."""
    user = signed_in(request.user)
    batch = _own(request, app, name, pk)
    resource = EntityResource(importing.entity_of(batch), user)
    try:
        mapping.save(resource, batch, request.POST.get("name", ""))
    except Refused as refused:
        return _show(request, Preview(batch, user, str(refused)), status=422)
    return _go_to(request, batch)


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
    def saved(self) -> list[SavedMapping]:
        """The mappings to which the user gave names."""
        return mapping.saved_for(self.resource)

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
        texts = [repairing.shown(data[index]) if index < len(data) else "" for index in range(len(self.batch.header))]
        cells = [(text, index in wrong) for index, text in enumerate(texts)]
        label, colour = VERDICTS[one.verdict]
        return PreviewRow(one.number, label, colour, importing.sentence(self.resource, one), cells)


class Progress(Page):
    """The import on its way, and its result."""

    step = 3
    template = "exchange/progress_page.html"

    def __init__(self, batch: Import, user: User, error: str = "") -> None:
        super().__init__(importing.entity_of(batch), error)
        if batch.job is None:
            raise ValueError("the import has not started")
        self.batch, self.user, self.job = batch, user, batch.job
        # What is going on or went on last: the import, or its undoing.
        self.shown: Job = batch.undo or self.job

    @property
    def running(self) -> bool:
        """Whether it goes on, so that the page asks again."""
        return self.shown.active

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """How many rows are in each state: of a running job as it says, then of all rows of the table."""
        if self.running:
            return {str(state): int(number) for state, number in self.shown.counters.items()}
        found = self.batch.rows.values_list("state").annotate(n=Count("pk")).order_by()
        return dict(found) or {str(state): int(number) for state, number in self.shown.counters.items()}

    @property
    def counts(self) -> list[tuple[str | Promise, str, int]]:
        """Label, colour and number of what became of the rows so far."""
        states = STATES_OF_UNDO if self.batch.undo else STATES_OF_IMPORT
        return [(s.label, COLOURS.get(s, "neutral"), self._numbers.get(s.value, 0)) for s in states]

    @property
    def failed_count(self) -> int:
        """How many rows were not imported."""
        return sum(self._numbers.get(state.value, 0) for state in repairing.WRONG)

    @property
    def left(self) -> int:
        """Rows that were not looked at, when the import was stopped."""
        return self._numbers.get(RowState.PENDING.value, 0)

    @property
    def left_to_undo(self) -> int:
        """Rows that were not looked at, when undoing was stopped."""
        return sum(self._numbers.get(state.value, 0) for state in WRITTEN) if self.batch.undo else 0

    @property
    def records_url(self) -> str:
        """The list of the records that it wrote; empty if there are none, or no rows that know them any more."""
        there = any(self._numbers.get(state.value, 0) for state in origin.THERE)
        return origin.address(self.entity, self.batch) if there and self.batch.file else ""

    @cached_property
    def mine(self) -> bool:
        """Whether the reader started it: others who manage the system may look only."""
        return self.batch.by_id == self.user.pk

    @cached_property
    def may_mend(self) -> bool:
        """Whether failed rows can be mended here."""
        return self.mine and bool(self.failed_count) and self.batch.undo is None and bool(self.batch.file)

    @cached_property
    def may_undo(self) -> bool:
        """Whether it can be taken back now."""
        return self.mine and not undoing.refusal(self.batch)

    @property
    def undo_until(self) -> datetime | None:
        """Until when it can be taken back."""
        return self.job.finished_at + undoing.KEPT if self.job.finished_at else None

    @property
    def rows_kept(self) -> int:
        """For how many days the rows and the file are kept."""
        return retention.IMPORTS_KEPT.days

    @cached_property
    def failed_rows(self) -> list[ImportRow]:
        """The first rows that were not imported, or not undone."""
        states = (RowState.KEPT,) if self.batch.undo else repairing.WRONG
        rows = self.batch.rows.filter(state__in=states).order_by("number")
        return list(rows.defer("data", "former")[:FAILED_ROWS])

    @property
    def seconds(self) -> int:
        """How long it took."""
        job: Job = self.shown
        return round(((job.finished_at or timezone.now()) - (job.started_at or job.created_at)).total_seconds())


@dataclass(frozen=True)
class RepairCell:
    """A cell of a row that failed."""

    name: str
    label: str
    text: str
    error: str


@dataclass(frozen=True)
class RepairRow:
    """A row that failed, with what is wrong with it as a whole."""

    number: int
    reason: str
    cells: list[RepairCell]


class Repair(Page):
    """The rows that could not be imported, to be mended."""

    step = 3
    template = "exchange/fix.html"

    def __init__(self, batch: Import, user: User, after: int = 0, error: str = "", notice: str = "") -> None:
        super().__init__(importing.entity_of(batch), error)
        self.batch, self.after, self.notice = batch, after, notice
        self.resource = EntityResource(self.entity, user)

    @cached_property
    def columns(self) -> list[Column]:
        """The mapped columns."""
        return [self.resource.importable[name] for name in repairing.fields_of(self.batch, self.resource)]

    @property
    def choices(self) -> list[tuple[str, Sequence[str]]]:
        """What may be entered, for columns where that is a list."""
        return [(column.name, found) for column in self.columns if (found := column.reader.choices())]

    @cached_property
    def checked(self) -> list[repairing.Checked]:
        """The rows as they are now."""
        return repairing.check(self.batch, self.resource, self.after)

    @property
    def rows(self) -> list[RepairRow]:
        """The rows with their cells."""
        return [self._row(one) for one in self.checked]

    @cached_property
    def total(self) -> int:
        """How many rows there are to mend, on all pages."""
        return repairing.wrong_rows(self.batch).count()

    @property
    def right(self) -> int:
        """How many of the rows shown are right by now."""
        return sum(one.is_right for one in self.checked)

    @property
    def next_after(self) -> int | None:
        """Where the next page begins; None on the last one."""
        more = len(self.checked) == repairing.page_size([column.name for column in self.columns])
        return self.checked[-1].number if more else None

    def _row(self, one: repairing.Checked) -> RepairRow:
        errors = one.judged.errors
        cells = [RepairCell(c.name, c.label, one.texts[c.name], errors.get(c.name, "")) for c in self.columns]
        # What is wrong with the row as a whole, or with a field that no column fills.
        shown = {c.name for c in self.columns}
        whole = [text for name, text in errors.items() if name not in shown]
        return RepairRow(one.number, _("; ").join(whole), cells)


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
    response = _show(request, Preview(batch, user) if batch.job is None else Progress(batch, user))
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


def _chosen_fields(request: HttpRequest, batch: Import, user: User) -> list[str]:
    """The field of each column as chosen, or as a saved mapping has it that was picked."""
    resource = EntityResource(importing.entity_of(batch), user)
    saved = next((one for one in mapping.saved_for(resource) if str(one.pk) == request.POST.get("use")), None)
    if saved is None:
        return request.POST.getlist("fields")
    fields = {index: field for field, index in mapping.use(resource, saved, batch.header).items()}
    return [fields.get(index, "") for index in range(len(batch.header))]


def _mended(request: HttpRequest, batch: Import, user: User) -> str | None:
    """Keep what was typed, then do what was asked: a notice where one stays, None when the rows are tried again."""
    sent = request.POST
    repairing.keep(batch, user, _typed(sent))
    if sent.get("do") == "replace":
        count = repairing.replace(batch, user, sent.get("column", ""), sent.get("old", ""), sent.get("new", ""))
        return ngettext("Replaced in %(n)s row", "Replaced in %(n)s rows", count) % {"n": count}
    if sent.get("do") == "check":
        return _("Checked")
    if not any(one.is_right for one in Repair(batch, user, _after(request)).checked):
        raise Refused(_("None of these rows is right yet. What you typed is kept."))
    repairing.retry(batch, user)
    return None


def _typed(sent: QueryDict) -> dict[int, dict[str, str]]:
    """The grid's cells, which are called `cell:12:phone`, by row number and field name."""
    typed: dict[int, dict[str, str]] = defaultdict(dict)
    for key in sent:
        kind, _sep, rest = key.partition(":")
        number, _sep, name = rest.partition(":")
        if kind == "cell" and number.isascii() and number.isdigit() and len(number) < 10:
            typed[int(number)][name] = str(sent[key])
    return typed


def _after(request: HttpRequest) -> int:
    after = request.GET.get("after", "")
    return int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0


def _entity(user: User, app: str, name: str) -> Entity:
    entity = find_entity(user, app, name, "import")
    if entity.exchange is None:
        raise Http404
    return entity


def _seen(request: HttpRequest, app: str, name: str, pk: int) -> Import:
    """One's own import, or for managers of the system any that has begun."""
    user = signed_in(request.user)
    if not user.is_staff:
        return _own(request, app, name, pk)
    known = Import.objects.filter(by=user) | Import.objects.filter(job__isnull=False)
    entity = _entity(user, app, name)
    return get_object_or_404(known.select_related("job", "undo"), pk=pk, entity=entity.key)


def _own(request: HttpRequest, app: str, name: str, pk: int) -> Import:
    """One's own import into this list, while one may import."""
    user = signed_in(request.user)
    entity = _entity(user, app, name)
    return get_object_or_404(Import.objects.select_related("job", "undo"), pk=pk, by=user, entity=entity.key)


urlpatterns = [
    path("import/", begin, name="import"),
    path("import/template/", template, name="import-template"),
    path("import/<int:pk>/", check, name="import-check"),
    path("import/<int:pk>/start/", start, name="import-start"),
    path("import/<int:pk>/progress/", progress, name="import-progress"),
    path("import/<int:pk>/failed/", failed, name="import-failed"),
    path("import/<int:pk>/fix/", fix, name="import-fix"),
    path("import/<int:pk>/undo/", undo, name="import-undo"),
    path("import/<int:pk>/mapping/", mapping_saved, name="import-mapping"),
]
