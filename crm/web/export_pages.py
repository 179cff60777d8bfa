"""Taking a list, or a selection of it, out as a file: choose columns, wait or go on working, download."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import IO

from django.contrib.messages import success
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from crm.entity.declare import Entity
from crm.entity.query import Count, ListQuery
from crm.exchange import exporting
from crm.exchange.models import Export, Format
from crm.exchange.resource import Column, EntityResource
from crm.kernel.dates import now
from crm.kernel.errors import Refused
from crm.org.models import User
from crm.web.doors import find_entity, signed_in
from crm.web.htmx import closed, is_fragment, toast, trigger

# How long after it was asked for a small export may be fetched: it is made when it is fetched.
FETCHED_WITHIN = timedelta(minutes=10)


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Ask for columns and format, then make the file at once or in the background."""
    user = signed_in(request.user)
    dialog = Dialog(request, _entity(user, app, name), user)
    if request.method != "POST":
        return dialog.show()
    try:
        asked = exporting.request(
            dialog.entity,
            user,
            query=dialog.query,
            selection=dialog.selection,
            columns=request.POST.getlist("columns"),
            format=request.POST.get("format", ""),
        )
    except Refused as refused:
        return dialog.show(str(refused), status=refused.status if refused.status == 403 else 422)
    if exporting.is_small(asked, user):
        return _fetch(request, dialog.entity.url(f"export/{asked.pk}"))
    exporting.start(asked, user)
    return _started(request, dialog.entity)


@require_GET
def download(request: HttpRequest, app: str, name: str, pk: int) -> FileResponse:
    """One's own export, while one may export."""
    user = signed_in(request.user)
    entity = _entity(user, app, name)
    asked = get_object_or_404(Export, pk=pk, by=user, entity=entity.key)
    if not asked.file and (asked.job_id is not None or now() - asked.at > FETCHED_WITHIN):
        raise Http404
    file: IO[bytes] = asked.file.open() if asked.file else exporting.write_now(asked, user)
    return FileResponse(file, as_attachment=True, filename=exporting.file_name(asked))


class Dialog:
    """What the export dialog shows."""

    def __init__(self, request: HttpRequest, entity: Entity, user: User) -> None:
        self.request, self.entity, self.user = request, entity, user
        self.resource = EntityResource(entity, user)
        self.error = ""

    def show(self, error: str = "", status: int = 200) -> HttpResponse:
        """The dialog, or for browsers without scripts a page with the same content."""
        self.error = error
        template = "exchange/export.html" if is_fragment(self.request) else "exchange/export_page.html"
        return render(self.request, template, {"dialog": self}, status=status)

    @property
    def params(self) -> QueryDict:
        """The list's query as it stands in the address."""
        params = self.request.GET.copy()
        for name in ("ids", "all", "page", "size"):
            params.pop(name, None)
        return params

    @property
    def query(self) -> str:
        """The list's query as text."""
        return self.params.urlencode()

    @cached_property
    def selection(self) -> list[int] | None:
        """The ticked rows; None for all that the query finds."""
        sent = self.request.POST if self.request.method == "POST" else self.request.GET
        ids = [int(pk) for pk in sent.getlist("ids") if pk.isascii() and pk.isdigit() and len(pk) < 19]
        return None if "all" in sent or not ids else ids

    @property
    def url(self) -> str:
        """Where the form is sent to."""
        return f"{self.entity.url('export')}?{self.query}" if self.query else self.entity.url("export")

    @cached_property
    def count(self) -> Count:
        """How many records there are to take."""
        if self.selection is not None:
            return Count(len(self.selection), more=False)
        return ListQuery(self.entity, self.params, self.user).count

    @cached_property
    def columns(self) -> list[tuple[Column, bool]]:
        """What the file may hold, and whether it is ticked: as last time, at first what an import takes."""
        last = Export.objects.filter(by=self.user, entity=self.entity.key).order_by("-pk").first()
        exchange = self.resource.exchange
        usual = set(last.columns) if last else {*exchange.export_only, *exchange.fields}
        sent = set(self.request.POST.getlist("columns")) if self.request.method == "POST" else usual
        return [(column, name in sent) for name, column in self.resource.exportable.items()]

    @property
    def formats(self) -> Sequence[tuple[str, str | Promise]]:
        """The kinds of file."""
        return Format.choices


def _fetch(request: HttpRequest, address: str) -> HttpResponse:
    """Let the browser fetch the file; the page stays."""
    if not is_fragment(request):
        return redirect(address)
    return closed(HttpResponse(status=204, headers={"HX-Redirect": address}))


def _started(request: HttpRequest, entity: Entity) -> HttpResponse:
    text = _("The export runs in the background. The file will be in the message centre.")
    if is_fragment(request):
        return closed(trigger(toast(HttpResponse(status=204), text), "messages"))
    success(request, text)
    return redirect(f"{reverse('messages')}?tab=jobs")


def _entity(user: User, app: str, name: str) -> Entity:
    entity = find_entity(user, app, name, "export")
    if entity.exchange is None:
        raise Http404
    return entity


urlpatterns = [
    path("export/", export, name="export"),
    path("export/<int:pk>/", download, name="export-file"),
]
