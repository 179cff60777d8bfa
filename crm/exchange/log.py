"""Past imports and exports: whose one may know of, and what to say of them."""

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from crm.exchange.models import Export, Import

if TYPE_CHECKING:
    from crm.org.models import User


def imports_for(user: "User") -> QuerySet[Import]:
    """The imports that have begun: one's own, for managers of the system everybody's."""
    return Import.objects.filter(_whose(user), job__isnull=False).select_related("job", "undo", "by")


def exports_for(user: "User") -> QuerySet[Export]:
    """The exports: one's own, for managers of the system everybody's."""
    return Export.objects.filter(_whose(user)).select_related("job", "by")


def _whose(user: "User") -> Q:
    return Q() if user.is_staff else Q(by=user)
