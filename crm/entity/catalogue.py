"""Every field of an entity that one reader may see.

Lists, filters, queries, statistics, exports, the 360 page and the API choose from it and from
nothing else, so that a field which is hidden from somebody is absent everywhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from crm.entity.columns import BoundColumn, Column, bind
from crm.entity.declare import Entity, Section
from crm.entity.layout import Layout, layout
from crm.entity.masking import Mask
from crm.fields.definitions import definitions
from crm.fields.rules import Narrowed, narrowed
from crm.kernel import registry
from crm.org.access import current_stamp
from crm.record.models import Record

if TYPE_CHECKING:
    from crm.org.models import User

# What the system keeps about every record.
SYSTEM_FIELDS = ("number", "owner", "department", "created_by", "created_at", "updated_by", "updated_at")
CACHE_SIZE = 5000


@dataclass(frozen=True)
class Catalogue:
    """The fields of one entity for one reader."""

    # Path → field: those of the form in its order, then what only lists show, then the system's.
    fields: Mapping[str, BoundColumn]
    # Paths of the form that this reader may see but not change.
    read_only: frozenset[str] = frozenset()
    # The form with the fields that this reader sees.
    layout: Layout = field(default_factory=lambda: Layout((), {}))
    # What a list shows and filters by unless somebody chose otherwise: as declared, then the custom fields.
    listed: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()

    def get(self, path: str) -> BoundColumn | None:
        """The field at a path; None if there is none or the reader may not see it."""
        return self.fields.get(path)

    def choose(self, paths: Iterable[str]) -> list[BoundColumn]:
        """The fields at some paths, in their order, without those that the reader may not see."""
        return [self.fields[path] for path in paths if path in self.fields]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections of the form."""
        return self.layout.sections

    def writable(self, record: object = None) -> list[str]:
        """The fields of the form that the reader may write; on a record not those of which they see a part only."""
        return [
            path
            for path in self.layout.fields
            if path not in self.read_only and not (record is not None and self.is_masked(path, record))
        ]

    def is_masked(self, path: str, record: object) -> bool:
        """Whether the reader sees only a part of this field of the record."""
        mask = self.fields[path].mask
        return mask is not None and mask.hides(record)


_cache: dict[tuple[Entity, int], tuple[int, Catalogue]] = {}


def catalogue(entity: Entity, user: "User") -> Catalogue:
    """The fields of an entity that the user may see."""
    stamp = getattr(user, "org_stamp", None)
    if stamp is None:
        stamp = current_stamp()
    kept = _cache.get((entity, user.pk))
    if kept and kept[0] == stamp:
        return kept[1]
    made = _make(entity, user, stamp)
    if len(_cache) >= CACHE_SIZE:
        _cache.clear()
    _cache[entity, user.pk] = (stamp, made)
    return made


def every_field(entity: Entity) -> Mapping[str, BoundColumn]:
    """The fields of an entity, whoever reads: for those who set up what others may see."""
    form = layout(entity)
    return {path: bind(entity.model, path) for path in dict.fromkeys([*form.fields, *_others(entity, form)])}


def _others(entity: Entity, form: Layout) -> list[str]:
    """Fields that are in no section: what lists and heads show, what the system keeps, what a layout leaves out."""
    listed = [column.path if isinstance(column, Column) else column for column in entity.columns]
    in_tabs = [path for tab in entity.tabs for path in tab.columns]
    exchanged = [*entity.exchange.fields, *entity.exchange.export_only] if entity.exchange else []
    return [*entity.fields, *entity.figures, *listed, *in_tabs, *exchanged, *SYSTEM_FIELDS]


def _make(entity: Entity, user: "User", stamp: int) -> Catalogue:
    narrow = narrowed(user, entity.model.key())
    form = layout(entity, stamp)
    own = definitions(stamp).of(entity.model.key())
    declared = {column.path: column for column in entity.columns if isinstance(column, Column)}
    listed = [column.path if isinstance(column, Column) else column for column in entity.columns]
    paths = dict.fromkeys([*form.fields, *_others(entity, form)])
    fields = {
        path: _masked(entity, bind(entity.model, declared.get(path, path)), narrow)
        for path in paths
        if not _is_hidden(entity, path, user)
    }
    filters = (*entity.filters, *(each.name for each in own if each.filterable))
    return Catalogue(
        fields,
        read_only=narrow.read_only & frozenset(form.fields),
        layout=form.only(fields),
        listed=tuple(p for p in (*listed, *(each.name for each in own if each.listed)) if p in fields),
        filters=tuple(path for path in filters if path in fields and fields[path].filterable),
    )


def _is_hidden(entity: Entity, path: str, user: "User") -> bool:
    """Whether any step of a path is hidden; what is masked elsewhere cannot be seen from here at all."""
    model: Any = entity.model
    *way, last = path.split("__")
    for step in way:
        if step in narrowed(user, model.key()).hidden:
            return True
        model = model._meta.get_field(step).related_model
        if not issubclass(model, Record):
            return False
    narrow = narrowed(user, model.key())
    return last in narrow.hidden or bool(way and last in narrow.masked)


def _masked(entity: Entity, column: BoundColumn, narrow: Narrowed) -> BoundColumn:
    """The column as this reader may use it: what is seen in part cannot be asked for, or it could be guessed."""
    if column.path in narrow.masked:
        return replace(column, mask=Mask(), filterable=False, sortable=False)
    if narrow.reveals or column.path not in masked_until_owned(entity):
        return column
    parent = entity.model.parent_field
    column = replace(column, mask=Mask(f"{parent}__owner_id" if parent else "owner_id"))
    meets = column.path in entity.masked_until_owned
    return replace(column, filterable=False, sortable=False) if meets else column


def masked_until_owned(entity: Entity) -> frozenset[str]:
    """The fields that are shown in part until somebody owns the record, whichever list of the model says so."""
    same = (each for each in registry.entities() if each.model is entity.model)
    return frozenset(path for each in same for path in each.masked_until_owned)
