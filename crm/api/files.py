"""Attachments over the API: whoever may see a record may fetch its files, whoever may change it adds and removes."""

from typing import Any

from django.http import FileResponse, HttpResponse
from django.utils.translation import gettext as _

from crm.api.endpoint import Call, answer
from crm.api.problems import told_at
from crm.api.values import plain
from crm.entity.declare import Entity
from crm.kernel.errors import Invalid
from crm.org.models import User
from crm.record.attachments import attach, attachments_of, detach
from crm.record.models import Attachment
from crm.record.names import names
from crm.web import attachments
from crm.web.doors import find_entity, find_record


def listing(call: Call, app: str, name: str, pk: int) -> HttpResponse:
    """The files of a record, newest first."""
    entity = find_entity(call.user, app, name)
    record = find_record(entity, call.user, pk)
    return answer({"results": [_shown(entity, pk, file, call.user) for file in attachments_of(record)]})


def upload(call: Call, app: str, name: str, pk: int) -> HttpResponse:
    """Add a file, sent as `file` in a multipart form; the same file under the same name is kept once."""
    entity = find_entity(call.user, app, name)
    record = find_record(entity, call.user, pk, "change")
    sent = call.request.FILES.get("file")
    if sent is None:
        raise Invalid({"file": [_("Send a file in a multipart form.")]})
    with told_at("file"):
        file = attach(record, sent, call.user)
    return answer(_shown(entity, pk, file, call.user), 201)


def download(call: Call, app: str, name: str, pk: int, file: int) -> FileResponse:
    """The bytes of a file."""
    entity = find_entity(call.user, app, name)
    return attachments.file_answer(attachments.find_file(find_record(entity, call.user, pk), file))


def remove(call: Call, app: str, name: str, pk: int, file: int) -> HttpResponse:
    """Remove a file."""
    entity = find_entity(call.user, app, name)
    record = find_record(entity, call.user, pk, "change")
    detach(record, attachments.find_file(record, file), call.user)
    return HttpResponse(status=204)


def _shown(entity: Entity, pk: int, file: Attachment, user: User) -> dict[str, Any]:
    known = names(getattr(user, "org_stamp", None)).users
    return {
        "id": file.pk,
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "at": plain(file.at),
        "by": {"id": file.by_id, "label": known.get(file.by_id)},
        "url": f"/api{entity.url(f'attachments/{file.pk}', pk)}",
    }
