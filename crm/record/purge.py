"""Deleting for good: records leave the recycle bin, and what hangs on them goes along. Their history stays."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from crm.kernel import events
from crm.record.models import Attachment, Record

if TYPE_CHECKING:
    from crm.org.models import User


@dataclass(frozen=True)
class Purged:
    """These records are gone for good; emitted inside the transaction, so that what others keep of them goes too."""

    model: type[Record]
    ids: Sequence[int]
    # What they were called, for the log.
    names: Sequence[str]
    by: "User | None"


def purge(model: type[Record], ids: Sequence[int], by: "User | None") -> list[tuple[Any, str]]:
    """Delete records of the recycle bin for good, each with its files; gives (record, sentence) for those refused.

    `by` is None for the product's own work. Change and owner history are append-only and stay.
    """
    refused: list[tuple[Any, str]] = []
    done: list[Any] = []
    with transaction.atomic():
        deleted = model.objects.deleted().filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")
        for record in deleted:
            try:
                with transaction.atomic():
                    _delete(record)
            except (ProtectedError, RestrictedError, IntegrityError) as error:
                refused.append((record, _reason(error)))
            else:
                done.append(record)
        if done:
            gone = [record.purged_id for record in done]
            _delete_files(model, gone)
            events.emit(Purged(model, gone, [str(record) for record in done], by))
    return refused


def _delete(record: Any) -> None:
    record.purged_id = record.pk
    for relation in record._meta.related_objects:
        dependent: Any = relation.related_model
        protects = getattr(relation, "on_delete", None) is models.PROTECT
        # Rows that are no records (an application for it) have no life of their own.
        if protects and not issubclass(dependent, Record):
            dependent._base_manager.filter(**{relation.field.name: record}).delete()
    type(record)._base_manager.filter(pk=record.pk).delete()


def _delete_files(model: type[Record], ids: Sequence[int]) -> None:
    content_type = ContentType.objects.get_for_model(model)
    attachments = Attachment.objects.filter(content_type=content_type, object_id__in=ids)
    files = [(one.file.storage, str(one.file.name)) for one in attachments]
    attachments.delete()
    # Not before it is certain: a file does not come back.
    for storage, path in files:
        transaction.on_commit(partial(storage.delete, path), robust=True)


def _reason(error: Exception) -> str:
    objects: Any = getattr(error, "protected_objects", None) or getattr(error, "restricted_objects", ())
    kinds = Counter(type(one)._meta.verbose_name for one in objects)
    if not kinds:
        return _("Other data still needs it.")
    others = _("; ").join(_("%(count)s %(kind)s") % {"count": count, "kind": kind} for kind, count in kinds.items())
    return _("Still needed by %(others)s, some of them perhaps in the recycle bin. Purge these first.") % {
        "others": others
    }
