"""Import and export over the API, and the jobs that do them."""

import hashlib
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from crm.api.endpoint import Call, answer
from crm.api.inputs import read_ids
from crm.api.problems import told_at
from crm.api.records import once_per_key, query_of
from crm.api.values import plain
from crm.entity.declare import Entity
from crm.exchange import exporting, importing
from crm.exchange.models import Export, Format, Import, OnDuplicate, RowState
from crm.exchange.resource import EntityResource
from crm.jobs.models import Job
from crm.kernel.dates import now
from crm.kernel.errors import Invalid
from crm.org.models import User
from crm.web.doors import find_entity
from crm.web.export_pages import FETCHED_WITHIN

FAILED_ROWS = 100  # told with an import; all of them are in the error file of its page


# -- import


def start_import(call: Call, app: str, name: str) -> HttpResponse:
    """Upload a table and import it in the background; the columns are taken by their headings, as on the page."""
    entity = _exchanged(call.user, app, name, "import")
    file = _file(call)
    rule = call.request.POST.get("on_duplicate", OnDuplicate.SKIP.value)
    if rule not in OnDuplicate:
        raise Invalid({"on_duplicate": [_("Send one of the listed values.")]})
    pk, _fresh = once_per_key(call, lambda: _import(entity, call.user, file, rule), rule.encode() + _digest(file))
    batch = get_object_or_404(Import.objects.select_related("job"), pk=pk)
    return _imported(call, entity, batch, 202)


def import_state(call: Call, app: str, name: str, pk: int) -> HttpResponse:
    """How far one's own import is, and which rows could not be imported."""
    entity = _exchanged(call.user, app, name, "import")
    found = Import.objects.select_related("job").exclude(job=None)
    return _imported(call, entity, get_object_or_404(found, pk=pk, by=call.user, entity=entity.key))


def _import(entity: Entity, user: User, file: "UploadedFile[Any]", rule: str) -> Import:
    with transaction.atomic(), told_at("file"):
        batch = importing.upload(entity, user, file, str(file.name))
        batch.on_duplicate = rule
        batch.save(update_fields=["on_duplicate"])
        importing.start(batch, user)
    return batch


def _imported(call: Call, entity: Entity, batch: Import, status: int = 200) -> HttpResponse:
    failed = batch.rows.filter(state=RowState.FAILED).order_by("number")
    body = {
        "id": batch.pk,
        "job": job_shown(batch.job),
        "failed": [{"row": row.number, "reason": row.reason} for row in failed.defer("data")[:FAILED_ROWS]],
    }
    return answer(body, status, {"Location": f"/api{entity.url(f'import/{batch.pk}')}"})


def _file(call: Call) -> "UploadedFile[Any]":
    file = call.request.FILES.get("file")
    if file is None or not file.name:
        raise Invalid({"file": [_("Send a file in a multipart form.")]})
    if (file.size or 0) > settings.IMPORT_MAX_BYTES:
        most = filesizeformat(settings.IMPORT_MAX_BYTES)
        raise Invalid({"file": [_("The file is larger than %(size)s. Split it into smaller files.") % {"size": most}]})
    return file


def _digest(file: "UploadedFile[Any]") -> bytes:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.digest()


# -- export


def start_export(call: Call, app: str, name: str) -> HttpResponse:
    """Export what the list's query in the address finds, or the records in `ids`; large ones in the background."""
    entity = _exchanged(call.user, app, name, "export")
    query_of(call, entity, own=("q", "sort"))
    body = call.json()
    asked = _asked(entity, call.user, body)

    def export() -> Export:
        made = exporting.request(entity, call.user, query=call.request.GET.urlencode(), **asked)
        if not exporting.is_small(made, call.user):
            exporting.start(made, call.user)
        return made

    pk, _fresh = once_per_key(call, export, call.request.body)
    made = get_object_or_404(Export.objects.select_related("job"), pk=pk)
    return _exported(entity, made, 201 if made.job is None else 202)


def export_state(call: Call, app: str, name: str, pk: int) -> HttpResponse:
    """How far one's own export is."""
    entity = _exchanged(call.user, app, name, "export")
    return _exported(entity, _own_export(call, entity, pk))


def export_file(call: Call, app: str, name: str, pk: int) -> FileResponse:
    """The file of one's own export, while one may export."""
    entity = _exchanged(call.user, app, name, "export")
    asked = _own_export(call, entity, pk)
    if not asked.file and (asked.job_id is not None or now() - asked.at > FETCHED_WITHIN):
        raise Http404
    file: IO[bytes] = asked.file.open() if asked.file else exporting.write_now(asked, call.user)
    return FileResponse(file, as_attachment=True, filename=exporting.file_name(asked))


def _asked(entity: Entity, user: User, body: dict[str, Any]) -> dict[str, Any]:
    """What an export is asked for: columns, format, selection."""
    known = EntityResource(entity, user).exportable
    columns, format, ids = body.pop("columns", [*known]), body.pop("format", Format.XLSX.value), body.pop("ids", None)
    errors = {name: [_("There is no field of this name.")] for name in body}
    if not isinstance(columns, list) or not columns or not all(isinstance(c, str) and c in known for c in columns):
        errors["columns"] = [_("Send a list of columns that an export may hold.")]
    if not isinstance(format, str) or format not in Format:
        errors["format"] = [_("Send one of the listed values.")]
    if errors:
        raise Invalid(errors)
    return {"columns": columns, "format": format, "selection": None if ids is None else read_ids(ids)}


def _own_export(call: Call, entity: Entity, pk: int) -> Export:
    return get_object_or_404(Export.objects.select_related("job"), pk=pk, by=call.user, entity=entity.key)


def _exported(entity: Entity, export: Export, status: int = 200) -> HttpResponse:
    address = f"/api{entity.url(f'export/{export.pk}')}"
    ready = export.job is None or bool(export.file)
    body = {
        "id": export.pk,
        "job": job_shown(export.job) if export.job else None,
        "file": f"{address}file/" if ready else None,
    }
    return answer(body, status, {"Location": address})


def _exchanged(user: User, app: str, name: str, perm: str) -> Entity:
    entity = find_entity(user, app, name, perm)
    if entity.exchange is None:
        raise Http404
    return entity


# -- jobs


def job(call: Call, pk: int) -> HttpResponse:
    """One's own background work."""
    return answer(job_shown(get_object_or_404(Job, pk=pk, by=call.user)))


def job_shown(job: Job | None) -> dict[str, Any]:
    """A job's state; 404 where none was started."""
    if job is None:
        raise Http404
    return {
        "id": job.pk,
        "kind": job.kind,
        "title": str(job),
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "counters": job.counters,
        "reason": job.reason,
        "created_at": plain(job.created_at),
        "finished_at": plain(job.finished_at),
        "url": f"/api/jobs/{job.pk}/",
    }
