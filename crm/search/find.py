"""Finds records of every kind at once: one statement per entity, each bounded, ranked afterwards.

A statement takes at most so many candidates in each of three ways: those whose number begins so,
those whose name begins so (both are ranges of an index), and of all that the search box finds the
newest, so that a word that a third of all rows hold is answered by the first few hundred of them.
Without the first two ways, these would crowd out the ones that are called so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crm.entity.catalogue import Catalogue, catalogue
from crm.entity.cells import cell
from crm.entity.columns import BoundColumn, is_indexed
from crm.entity.declare import Entity
from crm.entity.masking import END, SHORTEST
from crm.fields.definitions import definitions
from crm.kernel import registry
from crm.kernel.text.pieces import search_text
from crm.kernel.text.query import LONGEST_QUERY, Phrase, parse
from crm.kernel.text.words import joined
from crm.record.models import Record
from crm.record.names import names
from crm.record.search import matches
from crm.search.excerpt import Excerpt, excerpt
from crm.search.rank import Rank, codes, rank, without_codes

if TYPE_CHECKING:
    from crm.org.models import User
    from crm.record.query import RecordQuerySet

MOST = 8  # hits of an entity
CANDIDATES = 30  # rows that each way of finding contributes
# Where some are dropped again because only a field that the reader may not see holds what was typed.
CANDIDATES_IF_NARROWED = 120
NOTES = 4
LAST = "\U0010ffff"  # sorts behind every character


@dataclass(frozen=True)
class Hit:
    """A record as the palette shows it."""

    entity: Entity
    record: Any
    title: Excerpt
    # What tells it from its namesakes: its parent, phone, owner, number.
    notes: list[str]

    @property
    def url(self) -> str:
        """The record's page."""
        return self.entity.url("detail", self.record.pk)


@dataclass(frozen=True)
class Group:
    """What was found of one entity, best first; `more` if there is more than that."""

    entity: Entity
    hits: list[Hit]
    more: bool
    best: Rank


def search(user: "User", query: str, *, numbers: bool = False) -> list[Group]:
    """The records that the user may see and that answer the query, those of the best hit first.

    With `numbers` only by their numbers.
    """
    phrases = parse(query)
    if not phrases:
        return []
    found = [Search(entity, user, query, phrases, numbers).group() for entity in searchable(user)]
    return sorted((group for group in found if group), key=lambda group: (group.best, group.entity.weight))


def searchable(user: "User") -> list[Entity]:
    """The entities whose records the user may open, in the order of the navigation."""
    open_ = (each for each in registry.entities() if each.canonical and each.can(user, each.view_perm))
    return sorted(open_, key=lambda entity: (entity.weight, entity.key))


def recent(user: "User", kept: list[tuple[str, int]]) -> list[Hit]:
    """The records of (key of the entity, id) that the user may still see, in this order; one query per entity."""
    found: dict[tuple[str, int], Hit] = {}
    for entity in searchable(user):
        ids = [pk for key, pk in kept if key == entity.key]
        if ids:
            lines = Lines(entity, user)
            for record in lines.rows.filter(pk__in=ids):
                found[entity.key, record.pk] = lines.hit(record, "")
    return [found[place] for place in kept if place in found]


class Lines:
    """Records of an entity as lines for one reader, from the fields that they may see and from nothing else."""

    def __init__(self, entity: Entity, user: "User") -> None:
        self.entity, self.user = entity, user
        self.fields: Catalogue = catalogue(entity, user)
        self.stamp = getattr(user, "org_stamp", None)
        self.names = names(self.stamp)

    @property
    def rows(self) -> "RecordQuerySet[Any]":
        """The records that the user may see, with what a line and a rank need."""
        model = self.entity.model
        needed = {model.name_field, "number", "owner", "created_at", "search", *self._searched}
        needed |= {"custom"} if self._custom else set()
        needed |= {column.path for column in self._noted}
        parent = model.parent_field
        if not parent:
            return self.entity.queryset(self.user).only(*needed)
        above: Any = model._meta.get_field(parent).related_model
        needed |= {parent, f"{parent}__{above.name_field}", f"{parent}__owner"}
        return self.entity.queryset(self.user).select_related(parent).only(*needed)

    def hit(self, record: Any, query: str) -> Hit:
        """A record's line."""
        name = self.fields.get(self.entity.model.name_field)
        title = cell(name, record, self.names).text if name else record.number
        shown = (cell(column, record, self.names) for column in self._noted)
        notes = list(dict.fromkeys(one.text for one in shown if not one.empty and one.text != title))
        return Hit(self.entity, record, excerpt(title, query), notes[:NOTES])

    @cached_property
    def narrowed(self) -> bool:
        """Whether anything that the search text holds is hidden from this reader, or shown in part."""
        paths = [*self._searched, *self._custom]
        return any(path not in self.fields.fields or self.fields.fields[path].mask for path in paths)

    def text(self, record: Any) -> str:
        """The search text without what the reader may not see of this record."""
        if not self.narrowed:
            return str(record.search)
        model = self.entity.model
        return search_text(
            self._values(record, model.search_names),
            [*self._values(record, model.search_phones), *self._ends(record)],
            self._values(record, model.search_codes),
            [*self._values(record, model.search_texts), *self._values(record, self._custom)],
        )

    def _values(self, record: Any, paths: Any) -> list[str]:
        seen = (path for path in paths if path in self.fields.fields and not self.fields.is_masked(path, record))
        return [str(value) for path in seen if (value := self.fields.fields[path].value(record))]

    def _ends(self, record: Any) -> list[str]:
        """Of a phone that is shown in part, the end, which is shown."""
        fields = self.fields
        part = (p for p in self.entity.model.search_phones if p in fields.fields and fields.is_masked(p, record))
        numbers = ("".join(filter(str.isdecimal, fields.fields[path].value(record))) for path in part)
        return [number[-END:] for number in numbers if len(number) >= SHORTEST]

    @cached_property
    def _searched(self) -> tuple[str, ...]:
        model = self.entity.model
        return (*model.search_names, *model.search_phones, *model.search_codes, *model.search_texts)

    @cached_property
    def _custom(self) -> list[str]:
        return [each.name for each in definitions(self.stamp).of(self.entity.model.key()) if each.searchable]

    @cached_property
    def _noted(self) -> list[BoundColumn]:
        model = self.entity.model
        paths = (model.parent_field, *model.search_phones[:1], "owner", "number")
        return self.fields.choose(dict.fromkeys(path for path in paths if path))


class Search(Lines):
    """One query over one entity."""

    def __init__(self, entity: Entity, user: "User", query: str, phrases: tuple[Phrase, ...], numbers: bool) -> None:
        super().__init__(entity, user)
        self.query, self.phrases, self.numbers = query[:LONGEST_QUERY].strip(), phrases, numbers

    def group(self) -> Group | None:
        """The best hits; None if there is nothing."""
        ranked = sorted(self._ranked(), key=lambda pair: pair[0])
        if not ranked:
            return None
        hits = [self.hit(record, self.query) for _, record in ranked[:MOST]]
        return Group(self.entity, hits, more=len(ranked) > MOST, best=ranked[0][0][0])

    def _ranked(self) -> "Iterator[tuple[tuple[Rank, bool, float, int], Record]]":
        """Each candidate once, with its rank; then those called exactly so, then the newest."""
        for record in {record.pk: record for record in self._candidates()}.values():
            number = record.number if "number" in self.fields.fields else ""
            found = rank(self.text(record), number, self.query, self.phrases)
            if found and (not self.numbers or joined(self.query) in joined(number)):
                other_name = joined(str(record)) != joined(self.query)
                yield (found, other_name, -record.created_at.timestamp(), -record.pk), record

    def _candidates(self) -> Any:
        model, most = self.entity.model, CANDIDATES_IF_NARROWED if self.narrowed else CANDIDATES
        numbered = any(map(str.isdecimal, self.query))
        # A range of the index finds a number's beginning where its common pieces (KH00, 0000) would take long.
        covered = numbered and bool(model.number_prefix) and self.query.upper().startswith(model.number_prefix)
        phrases = codes(self.phrases) if self.numbers else self.phrases
        phrases = without_codes(phrases) if covered else phrases
        ways = [self.rows.filter(matches(phrases)).order_by("-created_at", "-pk")] if phrases else []
        if numbered:
            ways.append(self._beginning("number", self.query.upper()))
        if not self.numbers and is_indexed(model, model.name_field):
            ways.append(self._beginning(model.name_field, self.query))
        first, *others = (way[:most] for way in ways) if ways else (self.rows.none(),)
        return first.union(*others, all=True) if others else first

    def _beginning(self, field: str, typed: str) -> "RecordQuerySet[Any]":
        """A range of the field's index."""
        return self.rows.filter(**{f"{field}__gte": typed, f"{field}__lt": typed + LAST}).order_by(field, "pk")
