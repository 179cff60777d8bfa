"""The queryset of every record: `visible_to` is the only way in."""

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models

from crm.org.access import access_of
from crm.record.search import matches

if TYPE_CHECKING:
    from crm.org.models import User

R = TypeVar("R", bound=models.Model)


class RecordQuerySet(models.QuerySet[R]):
    """Rows that exist (deleted ones are hidden), then rows that a user may touch."""

    def alive(self) -> Self:
        """Rows that are not in the recycle bin."""
        return self.filter(deleted_at=None)

    def deleted(self) -> Self:
        """Rows in the recycle bin, those deleted last first."""
        return self.filter(deleted_at__isnull=False).order_by("-deleted_at", "-pk")

    def visible_to(self, user: "User", action: str = "view", part: str | None = None) -> Self:
        """Rows on which `user` may do `action`, as one indexed condition; `part` names one way of seeing."""
        model: Any = self.model
        return self.alive().filter(model.visible(user, access_of(user), action, part))

    def matching(self, query: str) -> Self:
        """Rows whose search text holds every word of the query (Chinese, pinyin, digits)."""
        return self.filter(matches(query)) if query.strip() else self
