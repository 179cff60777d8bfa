"""Taking an import back: what it created goes to the recycle bin, what it changed gets its former values.

Record by record, in chunks like the import itself. What somebody has changed since, or what other
records need, stays as it is, and its rows say why.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.exchange.importing import check_right, entity_of
from crm.exchange.models import WRITTEN, Import, ImportRow, RowState
from crm.flow import undo
from crm.flow.delete import still_needed
from crm.jobs import queue
from crm.jobs.models import Job
from crm.kernel.dates import now
from crm.kernel.errors import Refused
from crm.kernel.phrases import phrase
from crm.org.access import current_stamp
from crm.record import write

if TYPE_CHECKING:
    from crm.org.models import User

KEPT = timedelta(days=7)
CHUNK = 500  # rows that are taken back in one transaction


def refusal(batch: Import) -> str:
    """Why an import cannot be taken back now; empty if it can."""
    if batch.job is None or batch.job.active:
        return _("The import is still running.")
    if batch.undo is not None and batch.undo.active:
        return _("The import is being undone already.")
    if batch.job.finished_at is None or now() - batch.job.finished_at > KEPT:
        return _("An import can be undone within %(days)s days.") % {"days": KEPT.days}
    if not batch.rows.filter(state__in=WRITTEN).exists():
        return _("There is nothing left to undo.")
    return ""


def start(batch: Import, user: "User") -> Job:
    """Begin to take an import back; asked twice, it is done once. Refused with the reason if it cannot be."""
    entity = entity_of(batch)
    check_right(entity, user)
    with transaction.atomic():
        batch = Import.objects.select_for_update(of=("self",)).select_related("job", "undo").get(pk=batch.pk)
        if batch.undo is not None and batch.undo.active:
            return batch.undo
        if reason := refusal(batch):
            raise Refused(reason)
        batch.undo = queue.start(
            "import.undo",
            user,
            {"import": batch.pk, "entity": entity.key},
            title=phrase(gettext_lazy("Undo the import “{file}”"), file=batch.name),
            total=batch.rows.filter(state__in=WRITTEN).count(),
        )
        batch.save(update_fields=["undo"])
    return batch.undo


def step(job: Job) -> bool:
    """Take back the records of the next rows, the last ones first."""
    batch = Import.objects.select_for_update().get(pk=job.payload["import"])
    user: Any = job.by
    user.org_stamp = current_stamp()
    check_right(entity_of(batch), user)
    waiting = batch.rows.filter(state__in=WRITTEN).order_by("-number")
    ids = set(waiting.values_list("record_id", flat=True)[:CHUNK])
    rows = _by_record(batch.rows.filter(record_id__in=ids, state__in=WRITTEN).order_by("-number"))
    refused = _take_back(batch, user, rows)
    _mark(batch, rows, refused)
    left = sum(len(rows[pk]) for pk in refused)
    done = sum(map(len, rows.values()))
    job.done += done
    for name, count in ((RowState.UNDONE.value, done - left), (RowState.KEPT.value, left)):
        job.counters[name] = job.counters.get(name, 0) + count
    return bool(ids)


Rows = dict[int, list[ImportRow]]


def _by_record(rows: Any) -> Rows:
    found: Rows = defaultdict(list)
    for row in rows.defer("data"):
        found[row.record_id].append(row)
    return found


def _take_back(batch: Import, user: "User", rows: Rows) -> dict[int, str]:
    """Write the records as they were; id → sentence of those that had to be left."""
    entity = entity_of(batch)
    found = entity.model.objects.filter(pk__in=rows).select_for_update(of=("self",)).order_by("pk")
    records: dict[int, Any] = {record.pk: record for record in found}
    reach = set(entity.queryset(user).filter(pk__in=rows).values_list("pk", flat=True))
    refused = {pk: _("It no longer exists.") for pk in rows if pk not in records}
    for pk in records.keys() - reach:
        gone = records[pk].deleted_at is not None
        refused[pk] = _("It has been deleted since.") if gone else _("You may no longer see it.")
    created = {pk for pk, some in rows.items() if any(row.state == RowState.CREATED for row in some)}
    for made, prepare in ((False, _give_back), (True, _discard)):
        chosen = [records[pk] for pk in sorted(reach) if (pk in created) is made]
        refused |= _write(chosen, rows, user, prepare, batch.name)
    return refused


Prepare = Callable[[Any, Sequence[ImportRow], "User"], None]


def _give_back(record: Any, rows: Sequence[ImportRow], user: "User") -> None:
    """The values before the import; its last change is taken back first."""
    for row in rows:
        undo.put_back(record, row.former or {})


def _discard(record: Any, rows: Sequence[ImportRow], user: "User") -> None:
    """Into the recycle bin, if only this import has written the record."""
    if record.version != 1 + sum(row.former is not None for row in rows):
        raise Refused(_("It has been changed since, so this can no longer be undone."))
    if reason := still_needed(record, user):
        raise Refused(reason)
    record.deleted_at, record.deleted_by = now(), user


def _write(records: Sequence[Any], rows: Rows, user: "User", prepare: Prepare, reason: str) -> dict[int, str]:
    """Prepare and write records, together if the database takes them so, else one by one."""
    refused: dict[int, str] = {}
    ready = []
    for record in records:
        try:
            prepare(record, rows[record.pk], user)
        except Refused as error:
            refused[record.pk] = str(error)
        else:
            ready.append(record)
    try:
        with transaction.atomic():
            write.update(ready, user, action="undo", reason=reason)
    except (IntegrityError, DataError, Refused) as error:
        if len(ready) == 1:
            text = str(error) if isinstance(error, Refused) else _("It contradicts another record.")
            return refused | {ready[0].pk: text}
        fresh = type(ready[0]).objects.filter(pk__in=[record.pk for record in ready]).order_by("pk")
        for record in fresh:
            refused |= _write([record], rows, user, prepare, reason)
    return refused


def _mark(batch: Import, rows: Rows, refused: dict[int, str]) -> None:
    """Write down what became of the rows."""
    batch.rows.filter(record_id__in=rows.keys() - refused.keys(), state__in=WRITTEN).update(state=RowState.UNDONE)
    left = [row for pk in refused for row in rows[pk]]
    for row in left:
        row.state, row.reason = RowState.KEPT, refused[row.record_id or 0]
    ImportRow.objects.bulk_update(left, ["state", "reason"], batch_size=CHUNK)
