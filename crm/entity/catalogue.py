"""Every field of an entity that one reader may see.

Lists, filters, queries, statistics, exports, the 360 page and the API choose from it and from
nothing else, so that a field which is hidden from somebody is absent everywhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm.entity.columns import BoundColumn, Column, bind
from crm.entity.declare import Entity

if TYPE_CHECKING:
    from crm.org.models import User

# What the system keeps about every record.
SYSTEM_FIELDS = ("number", "owner", "department", "created_by", "created_at", "updated_by", "updated_at")


@dataclass(frozen=True)
class Catalogue:
    """The fields of one entity for one reader."""

    # Path → field: those of the form in its order, then what only lists show, then the system's.
    fields: Mapping[str, BoundColumn]
    # Paths of the form that this reader may see but not change.
    read_only: frozenset[str] = frozenset()

    def get(self, path: str) -> BoundColumn | None:
        """The field at a path; None if there is none or the reader may not see it."""
        return self.fields.get(path)

    def choose(self, paths: Iterable[str]) -> list[BoundColumn]:
        """The fields at some paths, in their order, without those that the reader may not see."""
        return [self.fields[path] for path in paths if path in self.fields]


def catalogue(entity: Entity, user: "User") -> Catalogue:
    """The fields of an entity that the user may see."""
    declared = {column.path: column for column in entity.columns if isinstance(column, Column)}
    listed = [column.path if isinstance(column, Column) else column for column in entity.columns]
    paths = dict.fromkeys([*entity.fields, *entity.figures, *listed, *SYSTEM_FIELDS])
    return Catalogue({path: bind(entity.model, declared.get(path, path)) for path in paths})
