"""Reading what `write` and `attachments` logged."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from crm.record.attachments import HISTORY_FIELD
from crm.record.models import Change, OwnerChange, Record


def changes_of(record: Record) -> QuerySet[Change]:
    """The record's change history, newest first."""
    return Change.objects.filter(content_type=_type(record), object_id=record.pk).order_by("-pk")


def changes_since(record: Record, version: int) -> list[Change]:
    """What was written to the record since it had this version, newest first: one line per version."""
    return list(changes_of(record).exclude(fields__has_key=HISTORY_FIELD)[: max(record.version - version, 0)])


def owner_changes_of(record: Record) -> QuerySet[OwnerChange]:
    """Who held the record, newest first."""
    return OwnerChange.objects.filter(content_type=_type(record), object_id=record.pk).order_by("-pk")


def _type(record: Record) -> ContentType:
    return ContentType.objects.get_for_model(type(record))
