"""The import itself: upload, load, write, chunk by chunk.

Rows are loaded into a table of their own before any record is written. A chunk takes the next
waiting rows, writes their records and marks the rows, all in one transaction: a worker that is
killed leaves whole chunks behind and the next one goes on after them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from django.core.files.base import File
from django.db import DataError, IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.entity.declare import Entity
from crm.exchange import templates
from crm.exchange.files.read import Value, open_table, value_of
from crm.exchange.judge import Judge, Judged, Verdict
from crm.exchange.mapping import chosen, guess, missing
from crm.exchange.models import Import, ImportRow, OnDuplicate, RowState
from crm.exchange.resource import EntityResource
from crm.flow import undo
from crm.jobs import queue
from crm.jobs.models import Job
from crm.kernel import registry
from crm.kernel.errors import Denied, Refused
from crm.kernel.phrases import phrase
from crm.org.access import current_stamp
from crm.record import write
from crm.record.turns import take_bulk_turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm.org.models import User

SAMPLE = 1_000  # rows that are read at once, for the preview
LOAD = 100_000  # rows that are loaded in one step of the job
COPY = 5_000  # rows in one COPY, so that no statement runs long
CHUNK = 1_000  # rows that are written in one transaction

STATES = {
    Verdict.NEW: RowState.CREATED,
    Verdict.UPDATE: RowState.UPDATED,
    Verdict.SAME: RowState.SKIPPED,
    Verdict.DUPLICATE: RowState.SKIPPED,
    Verdict.ERROR: RowState.FAILED,
}


def upload(entity: Entity, user: "User", file: File[bytes], name: str) -> Import:
    """Keep an uploaded table with its first rows, ready for the preview; Refused if it cannot be read."""
    check_right(entity, user)
    resource = EntityResource(entity, user)
    with transaction.atomic():
        with _on_disk(file) as path, open_table(path, name, limit=SAMPLE) as table:
            mapping = guess(resource, table.header)
            batch = Import.objects.create(
                entity=entity.key, by=user, name=name[-255:], header=table.header, mapping=mapping
            )
            _copy(batch, table.lines())
        batch.total = table.total
        batch.file.save("", file, save=False)
        batch.save(update_fields=["total", "file"])
        _set_example_aside(batch, resource)
    return batch


def start(batch: Import, user: "User") -> Job:
    """Begin the import in the background; a second call finds the first one's job."""
    entity = entity_of(batch)
    check_right(entity, user)
    lacking = missing(EntityResource(entity, user), batch.mapping)
    # An update finds its records by any key, so it can do without what a new record needs.
    if lacking and (batch.on_duplicate != OnDuplicate.UPDATE or not batch.mapping):
        raise Refused(_("Say which columns hold: %(labels)s") % {"labels": _(", ").join(lacking)})
    with transaction.atomic():
        job = queue.start(
            "import",
            user,
            {"import": batch.pk, "entity": entity.key},
            title=phrase(
                gettext_lazy("Import “{file}” into {list}"),
                file=batch.name,
                list=entity.title or entity.model._meta.verbose_name_plural,
            ),
            key=f"import:{batch.pk}",
            total=batch.total,
        )
        batch.job = job
        batch.save(update_fields=["job"])
    return job


def remap(batch: Import, user: "User", fields: Sequence[str], on_duplicate: str) -> None:
    """Change what the columns mean and what happens to duplicates; Refused once the import has started."""
    if batch.job_id is not None:
        raise Refused(_("This import has started already."))
    if on_duplicate in OnDuplicate:
        batch.on_duplicate = on_duplicate
    batch.mapping = chosen(EntityResource(entity_of(batch), user), batch.header, fields)
    batch.save(update_fields=["mapping", "on_duplicate"])


def step(job: Job) -> bool:
    """The job's next piece of work: load the rest of the file, then write chunk after chunk."""
    batch = _locked(job.payload["import"])
    user: Any = job.by
    user.org_stamp = current_stamp()
    entity = entity_of(batch)
    check_right(entity, user)
    if not job.cursor.get("loaded"):
        return _load(batch, job)
    state = RowState(job.payload.get("state", RowState.PENDING))
    waiting = batch.rows.filter(state=state, number__gt=job.cursor.get("row", 0)).order_by("number")
    rows = list(waiting.values_list("number", "data")[:CHUNK])
    if not rows:
        return False
    take_bulk_turn(entity.model)
    judge = Judge(EntityResource(entity, user), batch.on_duplicate, lock=True)
    judged = _settle(judge, cells_of(batch, judge.resource, rows), batch.name)
    _mark(batch, judge.resource, judged)
    _count(job, judged)
    job.cursor["row"] = rows[-1][0]
    return len(rows) == CHUNK


def preview(batch: Import, resource: EntityResource) -> list[Judged]:
    """What would become of the first rows (at most `SAMPLE`); nothing is written."""
    waiting = batch.rows.filter(state=RowState.PENDING).order_by("number")
    rows = waiting.values_list("number", "data")[:SAMPLE]
    return Judge(resource, batch.on_duplicate).judge(cells_of(batch, resource, rows))


def entity_of(batch: Import) -> Entity:
    """The entity into which the table goes; Refused if this version of the product has none of that name."""
    entity: Entity | None = registry.find(batch.entity)
    if entity is None or entity.exchange is None:
        raise Refused(_("There is no such list any more."))
    return entity


def check_right(entity: Entity, user: "User") -> None:
    """Denied unless the user's roles grant the import."""
    if entity.exchange is None or not entity.can(user, "import"):
        raise Denied(_("Your role does not include this. Ask an administrator for the right."))


def cells_of(
    batch: Import, resource: EntityResource, rows: Iterable[tuple[int, Any]]
) -> list[tuple[int, Mapping[str, Value]]]:
    """The mapped cells of rows, which are given by number and data: row number, and value by field name."""
    columns = [(name, batch.mapping[name]) for name in resource.importable if name in batch.mapping]
    return [
        (number, {name: value_of(data[index]) for name, index in columns if index < len(data)}) for number, data in rows
    ]


def sentence(resource: EntityResource, judged: Judged) -> str:
    """What is wrong with a row, or why it was left out, in one line."""
    if not judged.errors:
        return judged.note
    labels = {name: column.label for name, column in resource.importable.items()}
    form = _("“%(column)s”: %(text)s")
    parts = [
        form % {"column": labels[name], "text": text} if name in labels else text
        for name, text in judged.errors.items()
    ]
    return _("; ").join(parts)


# -- loading -----------------------------------------------------------------------------------------


def _load(batch: Import, job: Job) -> bool:
    """Load what the upload left, a part in each step, so that a step stays short."""
    there = batch.rows.count()
    if there < batch.total:
        with connection.cursor() as cursor:
            # The reader's child may think for a while about a large file before its first row comes.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '5min'")
        with _on_disk(batch.file) as path, open_table(path, batch.name, skip=there, limit=LOAD) as table:
            there += _copy(batch, table.lines())
            batch.total = job.total = table.total
        batch.save(update_fields=["total"])
    job.cursor["loaded"] = there >= batch.total
    if job.cursor["loaded"]:
        # The template's example row was set aside at the upload.
        job.done = batch.rows.filter(state=RowState.SKIPPED).count()
        job.counters = {RowState.SKIPPED.value: job.done}
    return True


def _copy(batch: Import, lines: "Iterator[bytes]") -> int:
    """Put rows as the reader gives them into the table; returns how many."""
    table = ImportRow._meta.db_table
    head, tail = b"%d\t" % batch.pk, b"\tpending\t\t\\N\n"
    count = 0
    with connection.cursor() as cursor:
        for first in lines:
            with cursor.copy(f"COPY {table} (batch_id, number, data, state, reason, record_id) FROM STDIN") as copy:
                for line in chain([first], islice(lines, COPY - 1)):
                    copy.write(head + line.replace(b"\\", b"\\\\") + tail)
                    count += 1
    return count


def _set_example_aside(batch: Import, resource: EntityResource) -> None:
    first = batch.rows.order_by("number").first()
    if first and templates.is_example(resource, batch.header, [value_of(cell) for cell in first.data]):
        batch.rows.filter(pk=first.pk).update(state=RowState.SKIPPED, reason=_("the example row of the template"))


@contextmanager
def _on_disk(file: File[bytes]) -> "Iterator[str]":
    """The path of a file; one that lies in memory or in a remote store is copied for the while."""
    path = _path_of(file)
    if path:
        yield path
        return
    with NamedTemporaryFile(prefix="crm-import-") as copy:
        _pour(file, copy)
        yield copy.name


def _path_of(file: File[bytes]) -> str | None:
    if hasattr(file, "temporary_file_path"):
        return str(file.temporary_file_path())
    try:
        return str(file.path) if hasattr(file, "path") else None
    except NotImplementedError:
        return None


def _pour(file: File[bytes], target: "IO[bytes]") -> None:
    file.seek(0)
    for chunk in file.chunks():
        target.write(chunk)
    target.flush()
    file.seek(0)


# -- writing -----------------------------------------------------------------------------------------


class _OutOfScope(Exception):
    """Records that the user could not see after writing them."""

    def __init__(self, pks: set[int]) -> None:
        super().__init__(pks)
        self.pks = pks


def _settle(judge: Judge, rows: Sequence[tuple[int, Mapping[str, Value]]], reason: str) -> list[Judged]:
    """Judge rows and write their records; a row that the database or a rule refuses fails alone."""
    outside: dict[int, str] = {}
    while True:
        judged = judge.judge([row for row in rows if row[0] not in outside])
        try:
            with transaction.atomic():
                _write(judge, judged, reason)
        except _OutOfScope as error:
            out = _("you would not be allowed to see this record")
            outside |= {one.number: out for one in judged if one.record is not None and one.record.pk in error.pks}
        except (IntegrityError, DataError, Refused) as error:
            if len(rows) == 1:
                text = str(error) if isinstance(error, Refused) else _("it contradicts another record")
                judged[0].fail({"": text})
                return judged
            half = len(rows) // 2
            return [*_settle(judge, rows[:half], reason), *_settle(judge, rows[half:], reason)]
        else:
            return sorted(
                [*judged, *(_failed(number, text) for number, text in outside.items())], key=lambda one: one.number
            )


def _write(judge: Judge, judged: Sequence[Judged], reason: str) -> None:
    new = [one.record for one in judged if one.verdict is Verdict.NEW]
    changed = {one.record.pk: one.record for one in judged if one.verdict is Verdict.UPDATE and one.record.pk}
    write.insert(new, judge.user, action="import", reason=reason)
    write.update(list(changed.values()), judge.user, action="import", reason=reason)
    written = {record.pk for record in new} | set(changed)
    seen = judge.entity.queryset(judge.user).filter(pk__any=list(written)).values_list("pk", flat=True)
    outside = written - set(seen)
    if outside:
        raise _OutOfScope(outside)


def _failed(number: int, text: str) -> Judged:
    judged = Judged(number)
    judged.fail({"": text})
    return judged


def _mark(batch: Import, resource: EntityResource, judged: Sequence[Judged]) -> None:
    """Write down what became of the rows, in one statement."""
    table = ImportRow._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS r SET state = v.state, reason = v.reason, record_id = v.record_id,"  # noqa: S608
            " former = v.former::jsonb FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[])"
            " AS v(number, state, reason, record_id, former) WHERE r.batch_id = %s AND r.number = v.number",
            [
                [one.number for one in judged],
                [STATES[one.verdict].value for one in judged],
                [sentence(resource, one) for one in judged],
                [one.record.pk if one.record is not None else None for one in judged],
                _former(judged),
                batch.pk,
            ],
        )


def _former(judged: Sequence[Judged]) -> list[str | None]:
    """What takes each update back; of two rows for one record the first has it, for they were written at once."""
    updated = {one.record.pk: one for one in reversed(judged) if one.verdict is Verdict.UPDATE}
    first = {id(one): undo.former(one.record) for one in updated.values()}
    return [json.dumps(first[id(one)]) if first.get(id(one)) else None for one in judged]


def _count(job: Job, judged: Sequence[Judged]) -> None:
    job.done += len(judged)
    for one in judged:
        name = STATES[one.verdict].value
        job.counters[name] = job.counters.get(name, 0) + 1


def _locked(pk: int) -> Import:
    """The import, for this transaction alone: of two workers at once the second waits and finds the rows done."""
    return Import.objects.select_for_update().get(pk=pk)
