"""What a query means for one reader: a condition of the ORM, sentences about what cannot be asked, words for chips.

A condition that cannot be read is left out and told, never passed over in silence. Only records that the
reader may see can be named.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property, reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.entity.catalogue import Catalogue, catalogue
from crm.entity.cells import choice_label
from crm.entity.columns import BoundColumn
from crm.entity.conditions.operators import TEXTS, Operator, may_be_null, operator_of
from crm.entity.conditions.periods import Days, days_of, label_of
from crm.entity.conditions.tree import Condition, Group
from crm.entity.declare import Entity
from crm.kernel.dates import start_of_day, today
from crm.org.access import access_of
from crm.org.models import Department
from crm.record.models import Record
from crm.record.names import Names

if TYPE_CHECKING:
    from crm.org.models import User

ME, TEAM, MINE = "me", "team", "mine"
YES_NO = {"yes": True, "no": False}
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
MOST_DIGITS = 15
ALWAYS, NEVER = Q(), Q(pk__in=[])


class Untold(ValueError):
    """A condition that cannot be asked; its text is a sentence for the user."""


@dataclass(frozen=True)
class Problem:
    """A condition that was left out, and why."""

    condition: Condition
    text: str


class Terms:
    """The fields, people and records by which one reader can ask for rows of an entity."""

    def __init__(self, entity: Entity, user: "User", names: Names) -> None:
        self.entity, self.user, self.names = entity, user, names
        self.today = today()
        self._records: dict[type[Record], dict[str, str]] = defaultdict(dict)

    @cached_property
    def fields(self) -> Catalogue:
        """What the reader may see."""
        return catalogue(self.entity, self.user)

    # -- as a condition

    def compile(self, query: Group) -> tuple[Q, list[Problem]]:
        """The rows that a query asks for, and what of it had to be left out."""
        self._look_up(query.conditions())
        problems: list[Problem] = []
        return self._group(query, problems), problems

    def _group(self, group: Group, problems: list[Problem]) -> Q:
        parts = [
            self._group(item, problems) if isinstance(item, Group) else self._kept(item, problems)
            for item in group.items
        ]
        # What was left out asks for nothing, in neither kind of group.
        return _joined(group.join, [part for part in parts if part != ALWAYS])

    def _kept(self, condition: Condition, problems: list[Problem]) -> Q:
        try:
            return self.condition(condition)
        except Untold as refusal:
            problems.append(Problem(condition, str(refusal)))
            return ALWAYS

    def condition(self, condition: Condition) -> Q:
        """One condition; `Untold` if the reader cannot ask that."""
        column, operator = self.asked(condition)
        if operator.shape == "none":
            empty = _empty(column)
            return empty if operator.name == "empty" else ~empty
        return _COMPILE[operator.shape](self, column, operator.name, condition.values)

    def asked(self, condition: Condition) -> tuple[BoundColumn, Operator]:
        """The field and the operator of a condition; `Untold` if there is no such field or operator."""
        column = self.fields.get(condition.path)
        if column is None:
            raise Untold(_("A field “%(field)s” does not exist, or you may not see it.") % {"field": condition.path})
        operator = operator_of(column, condition.operator)
        if operator is None:
            words = {"field": capfirst(str(column.label)), "operator": condition.operator}
            raise Untold(_("“%(field)s” cannot be asked for by “%(operator)s”.") % words)
        return column, operator

    # -- values, by what an operator takes

    def _text(self, column: BoundColumn, operator: str, values: Sequence[str]) -> Q:
        text = _one(values).strip()
        if not text:
            raise Untold(_("A condition on “%(field)s” has no value.") % {"field": capfirst(str(column.label))})
        match operator:
            case "has":
                return Q(**{f"{column.lookup}__icontains": text})
            case "lacks":
                return ~Q(**{f"{column.lookup}__icontains": text})
            case "starts":
                return Q(**{f"{column.lookup}__istartswith": text})
        return Q(**{column.lookup: text})

    def _number(self, column: BoundColumn, operator: str, values: Sequence[str]) -> Q:
        number = _read_number(column, _one(values))
        match operator:
            case "eq":
                return Q(**{column.lookup: number})
            case "ne":
                return ~Q(**{column.lookup: number})
        return Q(**{f"{column.lookup}__{_COMPARED[operator]}": number})

    def _numbers(self, column: BoundColumn, operator: str, values: Sequence[str]) -> Q:
        first, last = (_read_number(column, value) if value else None for value in _two(values))
        return _range(column.lookup, first, last)

    def _day(self, column: BoundColumn, operator: str, values: Sequence[str]) -> Q:
        day = _read_day(_one(values))
        match operator:
            case "before":
                return _within(column, (None, day - timedelta(days=1)))
            case "after":
                return _within(column, (day + timedelta(days=1), None))
        return _within(column, (day, day))

    def _days(self, column: BoundColumn, operator: str, values: Sequence[str]) -> Q:
        first, last = (_read_day(value) if value else None for value in _two(values))
        return _within(column, (first, last))

    def _period(self, column: BoundColumn, operator: str, values: Sequence[str]) -> Q:
        days = days_of(_one(values), self.today)
        if days is None:
            raise Untold(_("There is no period “%(period)s”.") % {"period": _one(values)})
        return _within(column, days)

    def _yes(self, column: BoundColumn, operator: str, values: Sequence[str]) -> Q:
        if _one(values) not in YES_NO:
            raise Untold(_("“%(value)s” is no choice of “%(field)s”.") % _words(column, _one(values)))
        return Q(**{column.lookup: YES_NO[_one(values)]})

    def _several(self, column: BoundColumn, operator: str, values: Sequence[str]) -> Q:
        if not values:
            raise Untold(_("A condition on “%(field)s” has no value.") % {"field": capfirst(str(column.label))})
        for value in values:
            if self.label(column, value) is None:
                raise Untold(_("“%(value)s” is no choice of “%(field)s”.") % _words(column, value))
        chosen = self._chosen(column, values, below=operator == "under")
        if column.kind == "options":
            found = Q(**{f"{column.lookup}__overlap": chosen})
        else:
            found = Q(**{f"{column.lookup}__in": chosen})
        return ~found if operator == "out" else found

    def _chosen(self, column: BoundColumn, values: Sequence[str], *, below: bool) -> list[Any]:
        """The stored values that are meant."""
        access = access_of(self.user)
        match column.kind:
            case "choice":
                return list(values)
            case "user":
                team = {pk for pk in access.own_ids if pk != self.user.pk}
                named = {int(value) for value in values if value not in (ME, TEAM)}
                return sorted(named | ({self.user.pk} if ME in values else set()) | (team if TEAM in values else set()))
            case "department":
                own = {access.department_id} - {None}
                ids = {int(value) for value in values if value != MINE} | (own if MINE in values else set())
                return sorted(_departments_below(ids) if below else ids)
        return sorted({int(value) for value in values})

    # -- in words

    def words(self, condition: Condition) -> str:
        """A condition as a reader says it: 客户名称 包含 腾讯."""
        try:
            column, operator = self.asked(condition)
        except Untold as refusal:
            return str(refusal)
        parts = [capfirst(str(column.label)), self.asked_words(column, operator, condition.values)]
        return " ".join(part for part in parts if part)

    def asked_words(self, column: BoundColumn, operator: Operator, values: Sequence[str]) -> str:
        """What is asked of a field, in words."""
        if operator.shape == "period":
            return label_of(_one(values))
        if operator.shape in ("days", "numbers"):
            return " ~ ".join(value or "…" for value in _two(values))
        told = [self.label(column, value) or value for value in values] if operator.shape in LABELLED else list(values)
        return " ".join([str(operator.label), _(", ").join(told)]).strip()

    def join_words(self, query: Group) -> str:
        """A group as a reader says it."""
        word = pgettext("conditions", " or ") if query.join == "any" else pgettext("conditions", " and ")
        return word.join(self.words(one) for one in query.conditions())

    def label(self, column: BoundColumn, value: str) -> str | None:
        """How a chosen value reads; None if it is none that the reader can choose."""
        match column.kind:
            case "choice":
                known = dict(column.field.flatchoices) if column.field is not None else {}
                return choice_label(column, value) if value in known else None
            case "bool":
                return {"yes": _("Yes"), "no": _("No")}.get(value)
            case "record":
                return self._records[_model(column)].get(value)
        if column.kind == "user" and value in (ME, TEAM):
            return _("Me") if value == ME else _("My subordinates")
        if column.kind == "department" and value == MINE:
            return _("My department")
        if not (value.isascii() and value.isdigit() and len(value) <= 18):
            return None
        return self._name(column, int(value))

    def _name(self, column: BoundColumn, pk: int) -> str | None:
        if column.kind == "user":
            return self.names.users.get(pk)
        if column.kind == "department":
            return self.names.departments.get(pk)
        option = self.names.options.get(pk)
        return option.label if option and option.list == getattr(column.field, "list", option.list) else None

    def _look_up(self, conditions: Iterable[Condition]) -> None:
        """Find the names of all records that conditions mention, one query for each kind of record."""
        wanted: dict[type[Record], set[int]] = defaultdict(set)
        for condition in conditions:
            column = self.fields.get(condition.path)
            if column is not None and column.kind == "record":
                wanted[_model(column)] |= {
                    int(value) for value in condition.values if value.isascii() and value.isdigit() and len(value) <= 18
                }
        for model, ids in wanted.items():
            if ids:
                found = model.objects.visible_to(self.user).filter(pk__in=ids).defer("search")
                self._records[model] |= {str(record.pk): str(record) for record in found}


LABELLED = ("several", "yes")
_COMPARED = {"gt": "gt", "ge": "gte", "lt": "lt", "le": "lte"}
_COMPILE: Mapping[str, Callable[[Terms, BoundColumn, str, Sequence[str]], Q]] = {
    "text": Terms._text,
    "number": Terms._number,
    "numbers": Terms._numbers,
    "day": Terms._day,
    "days": Terms._days,
    "period": Terms._period,
    "several": Terms._several,
    "yes": Terms._yes,
}


def _joined(join: str, parts: Sequence[Q]) -> Q:
    if not parts:
        return ALWAYS
    return reduce(or_ if join == "any" else and_, parts)


def _empty(column: BoundColumn) -> Q:
    null = Q(**{f"{column.lookup}__isnull": True})
    if column.kind in TEXTS:
        blank = Q(**{column.lookup: ""})
        return blank | null if may_be_null(column) else blank
    return null | Q(**{column.lookup: []}) if column.kind == "options" else null


def _within(column: BoundColumn, days: Days) -> Q:
    """The values on some days, both ends included; instants count by the company's calendar."""
    first, last = days
    if column.kind == "date":
        return _range(column.lookup, first, last)
    parts = {}
    if first is not None:
        parts[f"{column.lookup}__gte"] = start_of_day(first)
    if last is not None:
        parts[f"{column.lookup}__lt"] = start_of_day(last + timedelta(days=1))
    return Q(**parts)


def _range(lookup: str, first: Any, last: Any) -> Q:
    if first is None and last is None:
        raise Untold(_("A range needs at least one end."))
    return Q(
        **({f"{lookup}__gte": first} if first is not None else {}),
        **({f"{lookup}__lte": last} if last is not None else {}),
    )


def _read_number(column: BoundColumn, text: str) -> Decimal | int:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= 10**MOST_DIGITS or number.normalize().as_tuple().exponent < -6:  # type: ignore[operator]
        raise Untold(_("“%(value)s” is no number that “%(field)s” can have.") % _words(column, text))
    if column.kind != "integer":
        return number
    if number != number.to_integral_value():
        raise Untold(_("“%(field)s” has whole numbers only, not “%(value)s”.") % _words(column, text))
    return int(number)


def _read_day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise Untold(_("“%(value)s” is no day such as 2026-11-22.") % {"value": text})
    return day


def _departments_below(ids: Iterable[Any]) -> set[int]:
    paths = Department.objects.filter(pk__in=list(ids)).values_list("path", flat=True)
    below = reduce(or_, (Q(path__startswith=path) for path in paths), NEVER)
    return set(Department.objects.filter(below).values_list("pk", flat=True))


def _model(column: BoundColumn) -> type[Record]:
    field: Any = column.field
    model: type[Record] = field.related_model
    return model


def _one(values: Sequence[str]) -> str:
    return values[0] if values else ""


def _two(values: Sequence[str]) -> tuple[str, str]:
    first, last = [*values, "", ""][:2]
    return first, last


def _words(column: BoundColumn, value: str) -> dict[str, str]:
    return {"field": capfirst(str(column.label)), "value": value}
