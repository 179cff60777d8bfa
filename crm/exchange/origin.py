"""A list of exactly the records that an import wrote: `?import=17`."""

from typing import TYPE_CHECKING

from django.db.models import Q, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.entity.declare import Entity
from crm.entity.narrowing import Meaning, narrowing
from crm.exchange.log import imports_for
from crm.exchange.models import Import, ImportRow, RowState
from crm.kernel import registry

if TYPE_CHECKING:
    from crm.org.models import User

PARAMETER = "import"
THERE = (RowState.CREATED, RowState.UPDATED, RowState.KEPT)


@narrowing(PARAMETER)
def of_an_import(entity: Entity, user: "User", value: str) -> Meaning:
    """The records that an import created or changed, for whoever may know of it; else none."""
    label = gettext_lazy("From the import")
    pk = int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0
    batch = imports_for(user).filter(pk=pk).first()
    if batch is None or not _same_model(batch, entity):
        return Meaning(Q(pk__in=[]), label, _("unknown"))
    written = ImportRow.objects.filter(batch=batch, state__in=THERE, record_id__isnull=False)
    return Meaning(Q(pk__in=Subquery(written.values("record_id"))), label, batch.name)


def address(entity: Entity, batch: Import) -> str:
    """The list with these records alone."""
    return f"{entity.url('list')}?{PARAMETER}={batch.pk}"


def _same_model(batch: Import, entity: Entity) -> bool:
    found = registry.find(batch.entity)
    return found is not None and found.model is entity.model
