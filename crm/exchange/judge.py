"""What becomes of each row of a chunk: a new record, an update, nothing, or an error with its sentence.

Queries are per chunk, never per row: one for each kind of reference, one for the records that
exist already, one for those that the user may change. Nothing is written here, so that the
preview and the import say the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Model, Q
from django.db.models.base import ModelState
from django.utils.translation import gettext as _

from crm.exchange.files.read import Value
from crm.exchange.models import OnDuplicate
from crm.exchange.resource import EntityResource
from crm.record.models import Record

Key = tuple[int, tuple[Any, ...]]  # which alternative of the entity's key, and its values


class Verdict(Enum):
    """What is to be done with a row."""

    NEW = "new"
    UPDATE = "update"
    SAME = "same"  # the record has these values already
    DUPLICATE = "duplicate"
    ERROR = "error"


@dataclass
class Judged:
    """A row with its verdict. `errors` are sentences by field name, "" for the row as a whole."""

    number: int
    verdict: Verdict = Verdict.NEW
    record: Any = None
    errors: dict[str, str] = field(default_factory=dict)
    note: str = ""

    def fail(self, errors: Mapping[str, str]) -> None:
        """The row cannot be imported."""
        self.verdict, self.record = Verdict.ERROR, None
        self.errors.update(errors)


class Judge:
    """Judges chunks of one import, in the order of their rows."""

    def __init__(self, resource: EntityResource, on_duplicate: str, *, lock: bool = False) -> None:
        self.resource, self.on_duplicate, self.lock = resource, on_duplicate, lock
        self.entity, self.user = resource.entity, resource.user
        self.model: type[Record] = resource.entity.model
        self.may_create = self.entity.can(self.user, self.entity.add_perm)
        self.may_change = self.entity.can(self.user, "change")
        written = {name: column for name, column in resource.importable.items() if name not in resource.finders}
        self.fields = {
            name: (column.field.attname, column.field.is_relation)
            for name, column in written.items()
            if not column.bound.is_custom
        }
        self.own = {name: column.bound for name, column in written.items() if column.bound.is_custom}
        self.masks = {name: column.bound.mask for name, column in written.items() if column.bound.mask}
        self.required = [column.name for column in resource.required]
        self._prepared: Any = None

    def judge(self, rows: Sequence[tuple[int, Mapping[str, Value]]]) -> list[Judged]:
        """A verdict for each row, given by number and cells (field name → value)."""
        self.resource.prepare([cells for _number, cells in rows])
        read = [(Judged(number), *self.resource.read(cells)) for number, cells in rows]
        keys = {judged.number: self._keys(values) for judged, values, errors in read if not errors}
        self._find({key for some in keys.values() for key in some})
        for judged, values, errors in read:
            if errors:
                judged.fail(errors)
            else:
                self._decide(judged, values, keys[judged.number])
        return [judged for judged, _values, _errors in read]

    # -- what exists -------------------------------------------------------------------------------

    def _find(self, keys: set[Key]) -> None:
        """Look up the records that the rows' keys name."""
        self.existing: dict[Key, list[int]] = defaultdict(list)
        # Records that earlier rows of this chunk make or change, and the row's number.
        self.chunk: dict[Key, tuple[Any, int]] = {}
        self.changeable: dict[int, Any] = {}
        if not keys:
            return
        alternatives = [self._attnames(index) for index in range(len(self.resource.keys))]
        columns = sorted({name for names in alternatives for name in names})
        found = self.model.objects.alive().filter(_any_of(self.model, keys, alternatives)).order_by("pk")
        for pk, *values in found.values_list("pk", *columns):
            by_name = dict(zip(columns, values, strict=True))
            for index, names in enumerate(alternatives):
                key = (index, tuple(by_name[name] for name in names))
                if key in keys:
                    self.existing[key].append(pk)
        if self.on_duplicate == OnDuplicate.UPDATE:
            self._load_changeable({pk for pks in self.existing.values() for pk in pks})

    def _load_changeable(self, pks: set[int]) -> None:
        rows = self.entity.queryset(self.user, "change").filter(pk__in=pks).order_by("pk")
        if self.lock:
            rows = rows.select_for_update(of=("self",))
        self.changeable = {record.pk: record for record in rows}

    def _keys(self, values: Mapping[str, Any]) -> list[Key]:
        """The row's keys, those that are tried first in front; a key with an empty part finds nothing."""
        if self.on_duplicate == OnDuplicate.CREATE:
            return []
        keys = []
        for index, names in enumerate(self.resource.keys):
            parts = tuple(_stored(values.get(name)) for name in names)
            if all(part not in (None, "") for part in parts):
                keys.append((index, parts))
        return keys

    def _attnames(self, index: int) -> list[str]:
        return [self.model._meta.get_field(name).attname for name in self.resource.keys[index]]  # type: ignore[union-attr]

    # -- one row -----------------------------------------------------------------------------------

    def _decide(self, judged: Judged, values: Mapping[str, Any], keys: Sequence[Key]) -> None:
        for key in keys:
            if key in self.chunk:
                self._repeat(judged, values, *self.chunk[key])
                return
            if key in self.existing:
                self._meet(judged, values, key, self.existing[key])
                return
        self._create(judged, values)
        if judged.verdict is Verdict.NEW:
            self._remember(judged, keys)

    def _repeat(self, judged: Judged, values: Mapping[str, Any], record: Any, number: int) -> None:
        """An earlier row of the chunk has the same key."""
        if self.on_duplicate == OnDuplicate.SKIP:
            judged.verdict, judged.note = Verdict.DUPLICATE, _("the same as row %(row)s") % {"row": number}
        else:
            self._update(judged, values, record)

    def _meet(self, judged: Judged, values: Mapping[str, Any], key: Key, pks: Sequence[int]) -> None:
        """The record exists."""
        if self.on_duplicate == OnDuplicate.SKIP:
            judged.verdict, judged.note = Verdict.DUPLICATE, _("exists already")
            return
        mine = [pk for pk in pks if pk in self.changeable]
        if not self.may_change:
            judged.fail({"": _("it exists already, and your role does not include changing it")})
        elif not mine:
            judged.fail({"": _("it exists already, but you may not change it: ask its owner")})
        elif len(mine) > 1:
            judged.fail({"": _("%(count)s records fit: add the number to say which") % {"count": len(mine)}})
        else:
            self._update(judged, values, self.changeable[mine[0]])
            if judged.record is not None:
                self.chunk.setdefault(key, (judged.record, judged.number))

    def _create(self, judged: Judged, values: Mapping[str, Any]) -> None:
        if not self.may_create:
            judged.fail({"": _("it is new, and your role does not include creating it")})
            return
        if not self.resource.may_fill_new:
            judged.fail({"": _("it is new, and your role does not include filling in all that it needs")})
            return
        lacking = [name for name in self.required if values.get(name) in (None, "")]
        if lacking:
            judged.fail({name: _("this is required") for name in lacking})
            return
        record = self._blank(values)
        self._fill(record, values)
        errors = _rule_errors(record)
        if errors:
            judged.fail(errors)
        else:
            judged.record = record

    def _update(self, judged: Judged, values: Mapping[str, Any], record: Any) -> None:
        """Put the row's values into a record; empty cells leave what is there."""
        masked = [name for name, mask in self.masks.items() if name in values and record.pk and mask.hides(record)]
        if masked:
            judged.fail({name: _("you see only a part of it, so you cannot change it") for name in masked})
            return
        before, related = dict(record.__dict__), dict(record._state.fields_cache)
        self._fill(record, values)
        errors = _rule_errors(record)
        if errors:
            # Another row of the chunk may still change the same record.
            record.__dict__.clear()
            record.__dict__.update(before)
            record._state.fields_cache = related
            judged.fail(errors)
            return
        judged.record = record
        same = record.pk is not None and not record.changed_fields()
        judged.verdict = Verdict.SAME if same else Verdict.UPDATE
        if same:
            judged.note = _("exists already with these values")

    def _blank(self, values: Mapping[str, Any]) -> Any:
        """A new record as the entity prepares it. Prepared once and copied, unless the row says whose it is."""
        if values.get("owner") is not None:
            record = self.model(owner=values["owner"])
            self.entity.prepare(record, self.user)
            return record
        if self._prepared is None:
            self._prepared = self.model()
            self.entity.prepare(self._prepared, self.user)
        record = self.model.__new__(self.model)
        record.__dict__.update(self._prepared.__dict__)
        record._state = ModelState()
        record._state.fields_cache = dict(self._prepared._state.fields_cache)
        return record

    def _fill(self, record: Any, values: Mapping[str, Any]) -> None:
        for name, (attname, is_relation) in self.fields.items():
            if name in values:
                value = values[name]
                if isinstance(value, Model):
                    setattr(record, name, value)
                elif is_relation:
                    setattr(record, attname, value)
                else:
                    record.__dict__[name] = value  # what setattr comes to, at a tenth of the time
        for name, bound in self.own.items():
            if name in values:
                bound.assign(record, values[name])

    def _remember(self, judged: Judged, keys: Iterable[Key]) -> None:
        for key in keys:
            self.chunk.setdefault(key, (judged.record, judged.number))


def _any_of(model: type[Record], keys: Iterable[Key], alternatives: Sequence[Sequence[str]]) -> Q:
    """The rows that fit any of the keys, and for keys of several parts perhaps more."""
    # One array is quickly sent; `in` sends each value by itself, but relations know nothing else.
    lookups = {field.attname: "in" if field.is_relation else "any" for field in model._meta.concrete_fields}
    parts: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for index, values in keys:
        parts[index].append(values)
    return reduce(
        or_,
        (
            Q(
                **{
                    f"{name}__{lookups[name]}": sorted({values[place] for values in rows})
                    for place, name in enumerate(alternatives[index])
                }
            )
            for index, rows in parts.items()
        ),
    )


def _stored(value: Any) -> Any:
    """What the database keeps of a value: a relation's id."""
    return value.pk if isinstance(value, Model) else value


def _rule_errors(record: Record) -> dict[str, str]:
    errors = record.check_rules()
    return {name: " ".join(map(str, texts)) for name, texts in errors.items() if texts} if errors else {}
