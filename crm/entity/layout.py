"""The form of an entity: its sections in their order, as the company arranged them or else as declared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.entity.declare import Entity, Section
from crm.fields.definitions import bilingual, definitions
from crm.fields.layouts import Arranged, arranged


@dataclass(frozen=True)
class Condition:
    """A field that the form shows only while another one holds one of some values, as a form sends them."""

    field: str
    when: str
    values: frozenset[str]

    def holds(self, sent: Iterable[str]) -> bool:
        """Whether the field is shown when the other one sends this."""
        return not self.values.isdisjoint(sent)


@dataclass(frozen=True)
class Layout:
    """Sections with the names of their fields, and what is shown only sometimes."""

    sections: tuple[Section, ...]
    conditions: Mapping[str, Condition]

    @property
    def fields(self) -> list[str]:
        """All fields of the form, in order."""
        return [name for section in self.sections for name in section.fields]

    def only(self, names: Iterable[str]) -> "Layout":
        """What is left of it with these fields alone; a section without any is left out."""
        kept = frozenset(names)
        sections = (_with(each, [name for name in each.fields if name in kept]) for each in self.sections)
        conditions = {name: each for name, each in self.conditions.items() if name in kept and each.when in kept}
        return Layout(tuple(each for each in sections if each.fields), conditions)


def layout(entity: Entity, stamp: int | None = None) -> Layout:
    """The form with all its fields, whoever reads it."""
    own = definitions(stamp).of(entity.model.key())
    saved = arranged(entity.key, stamp)
    known = {*entity.fields, *(each.name for each in own)}
    sections = _arranged(saved, known) if saved else list(entity.sections)
    sections = sections or [Section(_("Basics"))]
    placed = {name for section in sections for name in section.fields}
    if saved:
        # A field without which nothing can be saved is never lost.
        needed = [name for name in entity.fields if name not in placed and _is_required(entity, name)]
        sections[0] = _with(sections[0], [*sections[0].fields, *needed])
    for each in own:
        if each.name not in placed:
            number = min(each.section, len(sections) - 1)
            sections[number] = _with(sections[number], [*sections[number].fields, each.name])
    return Layout(tuple(sections), _conditions(saved, known) if saved else {})


def _arranged(saved: Arranged, known: Iterable[str]) -> list[Section]:
    return [
        Section(
            _label(each),
            *(name for name in each.get("fields", ()) if name in known),
            folded=bool(each.get("folded")),
            columns=1 if each.get("columns") == 1 else 2,
        )
        for each in saved.sections
    ]


def _conditions(saved: Arranged, known: Iterable[str]) -> dict[str, Condition]:
    return {
        each["field"]: Condition(each["field"], each["when"], frozenset(each["values"]))
        for each in saved.conditions
        if each["field"] in known and each["when"] in known
    }


def _label(section: Mapping[str, Any]) -> str | Promise:
    return bilingual(str(section.get("label", "")), str(section.get("label_en", "")))


def _is_required(entity: Entity, name: str) -> bool:
    field: Any = entity.model._meta.get_field(name)
    return not field.blank and not field.has_default()


def _with(section: Section, fields: Iterable[str]) -> Section:
    return Section(section.label, *fields, folded=section.folded, columns=section.columns)
