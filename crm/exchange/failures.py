"""The error file: the uploaded columns of the rows that failed, with the reason, ready to be mended and uploaded."""

from collections.abc import Iterator
from typing import IO, Any

from django.utils.translation import gettext as _

from crm.exchange.files.columns import Column, Kind
from crm.exchange.files.read import FLAWS, Flaw, value_of
from crm.exchange.files.xlsx_writer import write_xlsx
from crm.exchange.mapping import reason_label
from crm.exchange.models import Import
from crm.exchange.repairing import wrong_rows

FETCH = 2_000


def write(batch: Import, target: IO[bytes]) -> int:
    """Write the failed rows of an import as .xlsx, in their order; returns how many there are."""
    heads = [Column(reason_label(), width=50.0), *(Column(label, Kind.MIXED) for label in batch.header)]
    return write_xlsx(target, _("Not imported"), heads, _rows(batch))


def _rows(batch: Import) -> Iterator[list[Any]]:
    width = len(batch.header)
    failed = wrong_rows(batch)
    for reason, data in failed.values_list("reason", "data").iterator(chunk_size=FETCH):
        cells = [_value(cell) for cell in data[:width]]
        yield [reason, *cells, *[None] * (width - len(cells))]


def _value(cell: Any) -> Any:
    value = value_of(cell)
    return f"({FLAWS[value]})" if isinstance(value, Flaw) else value
