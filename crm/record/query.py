"""The queryset of every record: `visible_to` is the only way in."""

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models

from crm.org.access import access_of
from crm.record.search import matches
from crm.record.search_guard import unseen_matches

if TYPE_CHECKING:
    from crm.org.models import User

R = TypeVar("R", bound=models.Model)


class RecordQuerySet(models.QuerySet[R]):
    """Rows that exist (deleted ones are hidden), then rows that a user may touch."""

    # For whom the rows were narrowed: what a search says depends on what its reader may see.
    _reader: "User | None" = None

    def _clone(self) -> Self:
        made: Any = super()._clone()  # type: ignore[misc]
        made._reader = self._reader
        return made  # type: ignore[no-any-return]

    def alive(self) -> Self:
        """Rows that are not in the recycle bin."""
        return self.filter(deleted_at=None)

    def deleted(self) -> Self:
        """Rows in the recycle bin, those deleted last first."""
        return self.filter(deleted_at__isnull=False).order_by("-deleted_at", "-pk")

    def visible_to(self, user: "User", action: str = "view", part: str | None = None) -> Self:
        """Rows on which `user` may do `action`, as one indexed condition; `part` names one way of seeing."""
        model: Any = self.model
        found = self.alive().filter(model.visible(user, access_of(user), action, part))
        found._reader = user
        return found

    def matching(self, query: str) -> Self:
        """Rows whose search text holds every word of the query (Chinese, pinyin, digits).

        After `visible_to`, not those that only match in a field that the reader may not see.
        """
        if not query.strip():
            return self
        found = self.filter(matches(query))
        model: Any = self.model
        guard = unseen_matches(model, self._reader, query) if self._reader else None
        return found if guard is None else found.exclude(guard)
