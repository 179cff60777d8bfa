"""Uploaded and exported files hold personal data: they are kept for a while, the log of them stays."""

from datetime import timedelta

from crm.exchange.models import Export, Import, ImportRow
from crm.kernel.dates import now

IMPORTS_KEPT = timedelta(days=30)
EXPORTS_KEPT = timedelta(days=7)
ROWS_AT_ONCE = 50_000


def prune() -> bool:
    """Delete the rows and the file of one old import, or one old exported file; whether there may be more."""
    batch = Import.objects.filter(at__lt=now() - IMPORTS_KEPT).exclude(file="").order_by("pk").first()
    if batch is not None:
        some = batch.rows.order_by("pk").values("pk")[:ROWS_AT_ONCE]
        if not ImportRow.objects.filter(pk__in=some).delete()[0]:
            _delete_file(batch)
        return True
    export = Export.objects.filter(at__lt=now() - EXPORTS_KEPT).exclude(file="").order_by("pk").first()
    if export is not None:
        _delete_file(export)
    return export is not None


def _delete_file(row: Import | Export) -> None:
    row.file.delete(save=False)
    type(row).objects.filter(pk=row.pk).update(file="")
