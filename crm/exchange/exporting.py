"""The export: which rows and columns, into which file, and the log of who took what."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.audit import log
from crm.entity.declare import Entity
from crm.entity.masking import masked
from crm.entity.query import ListQuery
from crm.exchange.files.csv_writer import write_csv
from crm.exchange.files.xlsx_writer import write_xlsx
from crm.exchange.models import Export, Format
from crm.exchange.resource import Column, EntityResource
from crm.jobs import queue
from crm.jobs.models import Job
from crm.kernel import registry
from crm.kernel.errors import Denied, Refused
from crm.kernel.phrases import phrase
from crm.org.access import access_of, current_stamp

if TYPE_CHECKING:
    from crm.org.models import User

AT_ONCE = 5_000  # rows that are written while the user waits
MOST = 500_000  # rows in one file: what is written well within a worker's lease
FETCH = 2_000
SELECTED = 1_000  # ids that a selection may name; more than a page's is a query


def request(
    entity: Entity, user: "User", *, query: str, selection: Sequence[int] | None, columns: Sequence[str], format: str
) -> Export:
    """Log an export that is about to be made; Denied without the right, Refused if there is nothing to take."""
    check_right(entity, user)
    if selection is not None and not 0 < len(selection) <= SELECTED:
        raise Refused(_("Select the records that you want to export."))
    known = EntityResource(entity, user).exportable
    chosen = [name for name in known if name in set(columns)]
    if not chosen:
        raise Refused(_("Choose at least one column."))
    return Export.objects.create(
        entity=entity.key,
        by=user,
        query=query,
        selection=list(selection) if selection is not None else None,
        columns=chosen,
        format=Format(format),
    )


def is_small(export: Export, user: "User") -> bool:
    """Whether the user can wait for the file."""
    return _found(export, user).order_by()[: AT_ONCE + 1].count() <= AT_ONCE


def write_now(export: Export, user: "User") -> IO[bytes]:
    """The file, opened at its start; the log gets the number of rows."""
    # Written to its end before anything is sent, so that a failure is an error page and not half a file.
    target: IO[bytes] = TemporaryFile(prefix="crm-export-")  # noqa: SIM115 - the response closes it
    with transaction.atomic():
        _write(export, user, target)
    target.seek(0)
    return target


def start(export: Export, user: "User") -> Job:
    """Write the file in the background."""
    entity = entity_of(export)
    with transaction.atomic():
        job = queue.start(
            "export",
            user,
            {"export": export.pk, "entity": entity.key},
            title=phrase(gettext_lazy("Export of {list}"), list=entity.title or entity.model._meta.verbose_name_plural),
            key=f"export:{export.pk}",
        )
        Export.objects.filter(pk=export.pk).update(job=job)
    return job


def step(job: Job) -> bool:
    """The job's only piece of work."""
    export = Export.objects.select_for_update().get(pk=job.payload["export"])
    user: Any = job.by
    user.org_stamp = current_stamp()
    check_right(entity_of(export), user)
    with TemporaryFile(prefix="crm-export-") as target:
        job.done = job.total = _write(export, user, target)
        target.seek(0)
        export.file.save("", File(target), save=False)
    export.save(update_fields=["file"])
    return False


def check_right(entity: Entity, user: "User") -> None:
    """Denied unless the user's roles grant the export."""
    if entity.exchange is None or not entity.can(user, "export"):
        raise Denied(_("Your role does not include this. Ask an administrator for the right."))


def entity_of(export: Export) -> Entity:
    """The exported entity; Refused if this version of the product has none of that name."""
    entity: Entity | None = registry.find(export.entity)
    if entity is None:
        raise Refused(_("There is no such list any more."))
    return entity


def file_name(export: Export) -> str:
    """What the browser is told to call the file."""
    at: datetime = timezone.localtime(export.at)
    return f"{entity_of(export).label_plural}_{at:%Y%m%d_%H%M}.{export.format}"


def _found(export: Export, user: "User") -> QuerySet[Any]:
    """The rows of the list's query that the user may export, in the list's order."""
    entity = entity_of(export)
    check_right(entity, user)
    query = ListQuery(entity, QueryDict(export.query), user)
    if export.selection is None:
        query.refuse_unreadable()
    rows = query.ordered.filter(entity.model.visible(user, access_of(user), "export", entity.part))
    return rows if export.selection is None else rows.filter(pk__in=export.selection)


def _write(export: Export, user: "User", target: IO[bytes]) -> int:
    rows = _found(export, user)
    if rows.order_by()[: MOST + 1].count() > MOST:
        raise Refused(_("More than %(most)s records match. Narrow the query and export it in parts.") % {"most": MOST})
    resource = EntityResource(entity_of(export), user)
    columns = [resource.exportable[name] for name in export.columns if name in resource.exportable]
    if not columns:
        raise Refused(_("Choose at least one column."))
    # Behind the columns: who owns the record, where that decides whether a value may be seen whole.
    owners = list(dict.fromkeys(c.bound.mask.owner for c in columns if c.bound.mask and c.bound.mask.owner))
    values = rows.values_list(*(column.path for column in columns), *owners).iterator(chunk_size=FETCH)
    heads = [column.for_file() for column in columns]
    cells = _rendered(values, columns, owners, user)
    if export.format == Format.CSV:
        count = write_csv(target, heads, cells)
    else:
        count = write_xlsx(target, resource.entity.label_plural, heads, cells)
    Export.objects.filter(pk=export.pk).update(rows=count)
    log.note(user, "export", entity=export.entity, count=count, detail=phrase(export.query) if export.query else None)
    return count


def _rendered(
    rows: Iterator[Sequence[Any]], columns: Sequence[Column], owners: Sequence[str], user: "User"
) -> Iterator[Sequence[Any]]:
    """The rows with labels in the place of ids; columns whose values are written as they are cost nothing."""
    renders = [(index, column.render) for index, column in enumerate(columns) if column.render]
    masks = [
        (
            index,
            column.bound.kind,
            len(columns) + owners.index(column.bound.mask.owner) if column.bound.mask.owner else 0,
        )
        for index, column in enumerate(columns)
        if column.bound.mask
    ]
    lookups = [(index, column.reader) for index, column in enumerate(columns) if column.bound.is_custom]
    while batch := list(islice(rows, FETCH)):
        for index, reader in lookups:
            reader.look_up([row[index] for row in batch], user)
        for row in batch:
            cells = list(row[: len(columns)])
            for index, render in renders:
                cells[index] = render(cells[index])
            for index, kind, owner in masks:
                if not owner or row[owner] is None:
                    cells[index] = masked(cells[index], kind)
            yield cells
