"""Files on records (附件). Callers have checked that the user may see or change the record."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from crm.kernel import files
from crm.kernel.dates import now
from crm.kernel.errors import Refused
from crm.record.models import Attachment, Change, Record

if TYPE_CHECKING:
    from crm.org.models import User

# How the change history calls the files of a record.
HISTORY_FIELD = "attachments"


def attachments_of(record: Record) -> QuerySet[Attachment]:
    """The record's files, newest first."""
    return Attachment.objects.filter(content_type=_type(record), object_id=record.pk).order_by("-pk")


def attach(record: Record, upload: "UploadedFile[Any]", by: "User") -> Attachment:
    """Keep an uploaded file; the same file under the same name is kept once.

    Raises `Refused` for empty, too large, active and mislabelled files.
    """
    name = files.clean_name(upload.name or "") or _("unnamed")
    _check(upload, name)
    digest = _sha256(upload)
    with transaction.atomic():
        # Locks the record, so that the same file sent twice at once waits for itself.
        type(record)._base_manager.select_for_update(no_key=True).only("pk").get(pk=record.pk)
        kept = attachments_of(record).filter(sha256=digest, name=name).first()
        return kept or _store(record, upload, name, digest, by)


def detach(record: Record, attachment: Attachment, by: "User") -> None:
    """Remove a file of the record, and its bytes once that is certain."""
    storage, path = attachment.file.storage, str(attachment.file.name)
    with transaction.atomic():
        attachment.delete()
        _log(record, by, "detach", [attachment.name, None])
        transaction.on_commit(lambda: storage.delete(path))


def _check(upload: "UploadedFile[Any]", name: str) -> None:
    size = upload.size or 0
    if not size:
        raise Refused(_("“%(file)s” is empty.") % {"file": name})
    if size > settings.ATTACHMENT_MAX_BYTES:
        most = filesizeformat(settings.ATTACHMENT_MAX_BYTES)
        raise Refused(_("“%(file)s” is too large; files may have up to %(size)s.") % {"file": name, "size": most})
    upload.seek(0)
    head = upload.read(files.HEAD)
    if files.is_active(name, head):
        raise Refused(
            _("“%(file)s” is a program or a web page and cannot be attached. Pack it into a .zip file first.")
            % {"file": name}
        )
    if files.mismatch(name, head):
        raise Refused(_("The content of “%(file)s” is not what its name says.") % {"file": name})


def _sha256(upload: "UploadedFile[Any]") -> str:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _store(record: Record, upload: "UploadedFile[Any]", name: str, digest: str, by: "User") -> Attachment:
    attachment = Attachment(
        content_type=_type(record),
        object_id=record.pk,
        key=secrets.token_hex(16),
        name=name,
        size=upload.size or 0,
        sha256=digest,
        at=now(),
        by=by,
    )
    attachment.file.save(name, upload, save=False)
    try:
        attachment.save()
        _log(record, by, "attach", [None, name])
    except BaseException:
        attachment.file.storage.delete(str(attachment.file.name))
        raise
    return attachment


def _log(record: Record, by: "User", action: str, pair: Sequence[Any]) -> None:
    Change.objects.create(
        content_type=_type(record),
        object_id=record.pk,
        at=now(),
        by=by,
        action=action,
        fields={HISTORY_FIELD: list(pair)},
    )


def _type(record: Record) -> ContentType:
    return ContentType.objects.get_for_model(type(record))
