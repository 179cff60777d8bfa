"""The facts of a record, section by section, as the 360 page shows them to one reader."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.entity.catalogue import SYSTEM_FIELDS, catalogue
from crm.entity.cells import Cell, cell
from crm.entity.columns import BoundColumn
from crm.entity.declare import Entity
from crm.record.names import Names

if TYPE_CHECKING:
    from crm.org.models import User


@dataclass(frozen=True)
class Fact:
    """One field of one record."""

    column: BoundColumn
    cell: Cell

    @property
    def label(self) -> str | Promise:
        """The field's label."""
        return self.column.label


@dataclass(frozen=True)
class Panel:
    """A section with its facts."""

    label: str | Promise
    facts: list[Fact]
    folded: bool


class Facts:
    """A record's facts for one user: other records are named only if the user may see them."""

    def __init__(self, entity: Entity, record: Any, user: "User", names: Names) -> None:
        self.entity, self.record, self.names = entity, record, names
        self.catalogue = catalogue(entity, user)
        self._hidden = self._load_relations(user)

    @property
    def panels(self) -> list[Panel]:
        """The sections of the form, and what the system keeps."""
        sections = self.catalogue.sections
        found = [Panel(section.label, self.of(section.fields), section.folded) for section in sections]
        return [*found, Panel(gettext_lazy("System"), self.of(SYSTEM_FIELDS), folded=True)]

    @property
    def figures(self) -> list[Fact]:
        """What stands beside the name, as far as it says something."""
        return [fact for fact in self.of(self.entity.figures) if not fact.cell.empty]

    def of(self, paths: Sequence[str]) -> list[Fact]:
        """Named fields as facts, without those that the user may not see."""
        return [Fact(column, self._cell(column)) for column in self.catalogue.choose(paths)]

    def _cell(self, column: BoundColumn) -> Cell:
        if column.path in self._hidden:
            return Cell(_("(not yours to see)"), empty=True)
        return cell(column, self.record, self.names)

    def _load_relations(self, user: "User") -> set[str]:
        """Load the records that the facts name, as far as visible, by one query per type; gives the other fields."""
        wanted: dict[Any, dict[BoundColumn, int]] = defaultdict(dict)
        for column in self.catalogue.choose(dict.fromkeys([*self.catalogue.layout.fields, *self.entity.figures])):
            pk = column.reference(self.record) if column.kind == "record" else None
            if pk is not None:
                wanted[column.field.related_model][column] = pk  # type: ignore[union-attr]
        hidden: set[str] = set()
        for model, ids in wanted.items():
            rows = model.objects.visible_to(user).filter(pk__in=ids.values()).defer("search")
            visible = {row.pk: row for row in rows}
            for column, pk in ids.items():
                if pk in visible:
                    column.keep(self.record, visible[pk])
            hidden |= {column.path for column, pk in ids.items() if pk not in visible}
        return hidden
