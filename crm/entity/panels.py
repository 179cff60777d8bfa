"""The facts of a record, section by section, as the 360 page shows them."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from crm.entity.cells import Cell, cell
from crm.entity.columns import BoundColumn, bind
from crm.entity.declare import Entity
from crm.record.names import Names


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


SYSTEM_FACTS = ("owner", "department", "created_by", "created_at", "updated_by", "updated_at")


def panels(entity: Entity, record: Any, names: Names) -> list[Panel]:
    """The sections of the form, as facts."""
    return [
        Panel(section.label, facts(entity, record, section.fields, names), section.folded)
        for section in entity.sections
    ]


def facts(entity: Entity, record: Any, paths: tuple[str, ...], names: Names) -> list[Fact]:
    """Named fields of a record as facts."""
    columns = [bind(entity.model, path) for path in paths]
    return [Fact(column, cell(column, record, names)) for column in columns]
