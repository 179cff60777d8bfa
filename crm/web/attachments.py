"""The files of a record. Every door leads through the record as the user may see it."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.messages import ERROR, SUCCESS, add_message
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from crm.entity.declare import Entity
from crm.kernel.errors import Refused
from crm.kernel.files import content_type
from crm.org.models import User
from crm.record.attachments import attach, attachments_of, detach
from crm.record.models import Attachment
from crm.record.names import names
from crm.web.doors import find_entity, find_record, signed_in
from crm.web.htmx import Kind, is_fragment, saved, toast

# A file that a browser opens all the same can neither run nor reach anything.
SANDBOX = "sandbox; default-src 'none'"


class AttachmentsTab:
    """The files, newest first, with a box that takes new ones."""

    name, template = "attachments", "record/tab_attachments.html"
    most_bytes = settings.ATTACHMENT_MAX_BYTES

    def __init__(self, entity: Entity, record: Any, user: User) -> None:
        self.entity, self.record, self.user = entity, record, user

    @property
    def label(self) -> str | Promise:
        """The tab's name."""
        return _("Attachments")

    @property
    def rows(self) -> QuerySet[Attachment]:
        """All files."""
        return attachments_of(self.record)

    @cached_property
    def files(self) -> list[tuple[Attachment, str]]:
        """Each file with the name of who brought it."""
        known = names(getattr(self.user, "org_stamp", None)).users
        return [(file, known.get(file.by_id, "")) for file in self.rows]

    @property
    def url(self) -> str:
        """Where files are sent to; a file's own address lies below."""
        return self.entity.url("attachments", self.record.pk)

    @cached_property
    def may_change(self) -> bool:
        """Whether the user may add and remove files."""
        return self.entity.queryset(self.user, "change").filter(pk=self.record.pk).exists()


@require_POST
def upload(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Add files to a record; those that cannot be taken are named, the others are kept."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    record = find_record(entity, user, pk, "change")
    kept, refusals = 0, []
    for one in request.FILES.getlist("files"):
        try:
            attach(record, one, user)
            kept += 1
        except Refused as refused:
            refusals.append(str(refused))
    if not kept:
        raise Refused(" ".join(refusals) or _("Choose at least one file."))
    text = ngettext("%(count)s file added", "%(count)s files added", kept) % {"count": kept}
    return _back(request, entity, pk, " ".join([text, *refusals]), "danger" if refusals else "success")


@require_safe
def download(request: HttpRequest, app: str, name: str, pk: int, file: int) -> FileResponse:
    """A file's bytes, always to be saved, never to be shown as part of our site."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    return file_answer(find_file(find_record(entity, user, pk), file))


def file_answer(attachment: Attachment) -> FileResponse:
    """The bytes of a file, to be saved; Http404 if they are gone."""
    try:
        opened = attachment.file.open()
    except FileNotFoundError as missing:
        raise Http404 from missing
    response = FileResponse(
        opened, as_attachment=True, filename=attachment.name, content_type=content_type(attachment.name)
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def remove(request: HttpRequest, app: str, name: str, pk: int, file: int) -> HttpResponse:
    """Ask, then remove a file."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    record = find_record(entity, user, pk, "change")
    attachment = find_file(record, file)
    if request.method != "POST":
        template = "record/remove_file.html" if is_fragment(request) else "record/remove_file_page.html"
        return render(request, template, {"attachment": attachment, "entity": entity, "record": record})
    detach(record, attachment, user)
    return _back(request, entity, pk, _("File removed"))


def find_file(record: Any, file: int) -> Attachment:
    """A file of this record; Http404 if it has none of this id."""
    attachment = attachments_of(record).filter(pk=file).first()
    if attachment is None:
        raise Http404
    return attachment


def _back(request: HttpRequest, entity: Entity, pk: int, text: str, kind: Kind = "success") -> HttpResponse:
    if is_fragment(request):
        return saved(toast(HttpResponse(status=204), text, kind))
    add_message(request, ERROR if kind == "danger" else SUCCESS, text)
    return redirect(f"{entity.url('detail', pk)}?tab={AttachmentsTab.name}")
