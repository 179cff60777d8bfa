"""Reading what `write` and `attachments` logged."""

from collections.abc import Mapping

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


def changes_since_each(seen: Mapping[Record, int]) -> dict[Record, list[Change]]:
    """The same for many records of one type with the versions that were seen; one query."""
    if not seen:
        return {}
    rows = Change.objects.filter(content_type=_type(next(iter(seen))), object_id__in=[record.pk for record in seen])
    found: dict[int, list[Change]] = {record.pk: [] for record in seen}
    for change in rows.exclude(fields__has_key=HISTORY_FIELD).order_by("-pk"):
        found[change.object_id].append(change)
    return {record: found[record.pk][: max(record.version - version, 0)] for record, version in seen.items()}


def owner_changes_of(record: Record) -> QuerySet[OwnerChange]:
    """Who held the record, newest first."""
    return OwnerChange.objects.filter(content_type=_type(record), object_id=record.pk).order_by("-pk")


def _type(record: Record) -> ContentType:
    return ContentType.objects.get_for_model(type(record))
