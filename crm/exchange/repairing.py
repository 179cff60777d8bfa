"""Rows that could not be imported, mended in the browser: what is typed is kept, and they alone are tried again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.exchange.files.read import FLAWS, Flaw, value_of
from crm.exchange.importing import cells_of, check_right, entity_of
from crm.exchange.judge import Judge, Judged, Verdict
from crm.exchange.models import Import, ImportRow, RowState
from crm.exchange.resource import EntityResource
from crm.exchange.values import text_of
from crm.jobs import queue
from crm.jobs.models import Job
from crm.kernel.errors import Refused
from crm.kernel.phrases import phrase

if TYPE_CHECKING:
    from crm.org.models import User

MOST_CELLS, MOST_ROWS = 2_000, 50  # in one grid
MOST = 10_000  # rows in which a value is replaced at once
LONGEST = 5_000  # characters of a cell

# Also those whose second attempt was stopped before it came to them.
WRONG = (RowState.FAILED, RowState.AGAIN)


@dataclass(frozen=True)
class Checked:
    """A row that failed, as it is now: its cells as text, and what is wrong with it."""

    number: int
    texts: Mapping[str, str]
    judged: Judged

    @property
    def is_right(self) -> bool:
        """Whether it could be imported now."""
        return self.judged.verdict is not Verdict.ERROR


def wrong_rows(batch: Import) -> QuerySet[ImportRow]:
    """The rows that could not be imported, in their order."""
    return batch.rows.filter(state__in=WRONG).order_by("number")


def fields_of(batch: Import, resource: EntityResource) -> list[str]:
    """The mapped fields in the order of the table's columns."""
    return sorted((name for name in batch.mapping if name in resource.importable), key=batch.mapping.__getitem__)


def page_size(names: Sequence[str]) -> int:
    """How many rows with these columns one grid holds."""
    return min(MOST_ROWS, max(1, MOST_CELLS // max(1, len(names))))


def check(batch: Import, resource: EntityResource, after: int = 0) -> list[Checked]:
    """A page of the wrong rows, judged as they are now; nothing is written."""
    names = fields_of(batch, resource)
    most = page_size(names)
    rows = list(wrong_rows(batch).filter(number__gt=after).values_list("number", "data")[:most])
    judged = Judge(resource, batch.on_duplicate).judge(cells_of(batch, resource, rows))
    return [
        Checked(number, {name: shown(_cell(data, batch.mapping[name])) for name in names}, one)
        for (number, data), one in zip(rows, judged, strict=True)
    ]


def keep(batch: Import, user: "User", typed: Mapping[int, Mapping[str, str]]) -> None:
    """Keep what was typed into cells, by row number and field name; unchanged cells stay what they were."""
    resource = EntityResource(entity_of(batch), user)
    with transaction.atomic():
        _lock(batch, user)
        rows = list(wrong_rows(batch).filter(number__in=list(typed)))
        for row in rows:
            for name, text in typed[row.number].items():
                if name in batch.mapping and name in resource.importable:
                    _put(row, batch.mapping[name], text)
        ImportRow.objects.bulk_update(rows, ["data"], batch_size=MOST_ROWS)


def replace(batch: Import, user: "User", name: str, old: str, new: str) -> int:
    """Put one value in the place of another in a whole column of the wrong rows; returns in how many."""
    if name not in batch.mapping or name not in EntityResource(entity_of(batch), user).importable:
        raise Refused(_("Choose a column."))
    with transaction.atomic():
        _lock(batch, user)
        index = batch.mapping[name]
        rows = [row for row in wrong_rows(batch)[:MOST] if shown(_cell(row.data, index)) == old.strip()]
        for row in rows:
            _put(row, index, new)
        ImportRow.objects.bulk_update(rows, ["data"], batch_size=500)
    return len(rows)


def retry(batch: Import, user: "User") -> Job:
    """Try the wrong rows again in the background, and no others."""
    entity = entity_of(batch)
    with transaction.atomic():
        locked = _lock(batch, user)
        count = wrong_rows(batch).update(state=RowState.AGAIN)
        if not count:
            raise Refused(_("All rows have been imported."))
        locked.job = queue.start(
            "import",
            user,
            {"import": batch.pk, "entity": entity.key, "state": RowState.AGAIN.value},
            title=phrase(gettext_lazy("Import mended rows of “{file}”"), file=batch.name),
            total=count,
        )
        locked.job.cursor = {"loaded": True}
        locked.job.save(update_fields=["cursor"])
        locked.save(update_fields=["job"])
    batch.job = locked.job
    return locked.job


def shown(cell: Any) -> str:
    """An uploaded cell as text; one without a value to trust says why, in brackets."""
    value = value_of(cell)
    return f"({FLAWS[value]})" if isinstance(value, Flaw) else text_of(value)


def _lock(batch: Import, user: "User") -> Import:
    """The import for this transaction alone, if its rows may be mended now."""
    check_right(entity_of(batch), user)
    locked = Import.objects.select_for_update(of=("self",)).select_related("job", "undo").get(pk=batch.pk)
    if locked.job is None or locked.job.active:
        raise Refused(_("The import is still running."))
    if locked.undo is not None:
        raise Refused(_("This import was undone. Upload the file again."))
    return locked


def _cell(data: Sequence[Any], index: int) -> Any:
    return data[index] if index < len(data) else None


def _put(row: ImportRow, index: int, text: str) -> None:
    text = text.replace("\x00", "").strip()[:LONGEST]
    if shown(_cell(row.data, index)) != text:
        row.data = [*row.data, *[None] * (index + 1 - len(row.data))]
        row.data[index] = text or None
