"""What a list shows, as read from its URL: words, filters, order, page. The URL is the state."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import QueryDict
from django.utils.translation import gettext as _

from crm.entity.catalogue import Catalogue
from crm.entity.columns import BoundColumn, bind, load_references
from crm.entity.conditions import tree
from crm.entity.conditions.operators import may_be_null
from crm.entity.conditions.terms import Terms
from crm.entity.conditions.tree import Group, Unreadable
from crm.entity.declare import Entity
from crm.entity.filters import filter_set
from crm.entity.narrowing import Narrowed, narrowings
from crm.kernel.errors import Refused
from crm.record.names import names

if TYPE_CHECKING:
    import django_filters

    from crm.org.models import User

SIZES = (20, 50, 100)
DEFAULT_SIZE = 50
MOST_COUNTED = 10_000
# From this row on the ids of a page are found first, through the ordering index, then its rows.
FAR = 1_000
LAST_PAGE = 1_000_000
LONGEST_QUERY = 100  # characters
# What an advanced query is written with need not be escaped in a URL.
READABLE = "(),;"


@dataclass(frozen=True)
class Count:
    """How many rows match: exact up to `MOST_COUNTED`, then "more than"."""

    number: int
    more: bool

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.more else ''}"


class ListQuery:
    """The query of one list for one user; `columns` are the ones that its rows show, else the declared ones."""

    def __init__(
        self, entity: Entity, params: QueryDict, user: "User", columns: Sequence[BoundColumn] | None = None
    ) -> None:
        self.entity, self.params, self.user = entity, params, user
        self.words = params.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
        self.size = _one_of(params.get("size"), SIZES, DEFAULT_SIZE)
        self.page = _page_number(params.get("page"))
        self.names = names(getattr(user, "org_stamp", None))
        self.terms = Terms(entity, user, self.names)
        fields = self.terms.fields
        self.columns = fields.choose(fields.listed) if columns is None else columns

    @cached_property
    def filters(self) -> "django_filters.FilterSet":
        """The bound filter set (its `form` is the filter bar)."""
        return filter_set(self.entity, self.params, self.user, self.names, self.terms.fields)

    @cached_property
    def sort(self) -> tuple[str, ...]:
        """The order, as field names with `-` for descending; the entity's own unless a sortable column is named."""
        wanted = self.params.get("sort", "")
        column = self.terms.fields.get(wanted.removeprefix("-"))
        return (wanted,) if column is not None and column.sortable else tuple(self.entity.order)

    @cached_property
    def where(self) -> Group:
        """The advanced query; empty if there is none or it cannot be read (see `problems`)."""
        try:
            return tree.read(self.params.get("where", ""))
        except Unreadable:
            return Group()

    @cached_property
    def _asked(self) -> "tuple[Q, list[str]]":
        condition, problems = self.terms.compile(self.where)
        return condition, [problem.text for problem in problems]

    @cached_property
    def problems(self) -> list[str]:
        """What of the query is left out because it cannot be read, as sentences."""
        told = [str(error) for errors in self.filters.form.errors.values() for error in errors]
        if self.params.get("where") and not self.where:
            told.append(_("The advanced query in the address cannot be read."))
        return told + self._asked[1]

    @cached_property
    def narrowings(self) -> list[Narrowed]:
        """What other parts of the product narrow the list to, such as the records of an import."""
        return narrowings(self.entity, self.params, self.user)

    @property
    def parameters(self) -> set[str]:
        """The names of URL parameters that ask for something here."""
        names = {"q", "where", "sort", "size", *(narrowed.parameter for narrowed in self.narrowings)}
        for name, field in self.filters.form.fields.items():
            suffixes = getattr(field.widget, "suffixes", None)
            names |= {f"{name}_{suffix}" for suffix in suffixes} if suffixes else {name}
        return names

    @cached_property
    def normal(self) -> str:
        """The query, order and page size in the one form of all addresses that ask for the same."""
        asked = {
            "q": [self.words],
            "where": [tree.write(tree.normal(self.where))],
            "sort": [] if self.sort == tuple(self.entity.order) else [self.sort[0]],
            "size": [] if self.size == DEFAULT_SIZE else [str(self.size)],
        }
        for name in self.parameters - asked.keys():
            asked[name] = sorted(set(self.params.getlist(name)))
        params = QueryDict(mutable=True)
        for name in sorted(asked):
            values = [value for value in asked[name] if value]
            if values:
                params.setlist(name, values)
        return params.urlencode(safe=READABLE)

    def refuse_unreadable(self) -> None:
        """Raise `Refused` if a condition is left out: whoever acts on all that matches means what was asked."""
        if self.problems:
            raise Refused(
                _("A condition of the query cannot be read. Remove it first: %(why)s") % {"why": self.problems[0]}
            )

    @cached_property
    def matching(self) -> QuerySet[Any]:
        """All rows that match, in no order: the start of counts, exports, statistics and bulk actions."""
        rows: Any = self.filters.qs
        further = [narrowed.meaning.condition for narrowed in self.narrowings]
        return rows.filter(self._asked[0], *further).matching(self.words)  # type: ignore[no-any-return]

    @property
    def ordered(self) -> QuerySet[Any]:
        """The matching rows in the list's order, ties broken by id."""
        return self.matching.order_by(*ordering(self.entity, self.sort, self.terms.fields))

    @property
    def exact_count(self) -> Count:
        """How many match, however many."""
        return Count(self.matching.order_by().count(), more=False)

    @cached_property
    def count(self) -> Count:
        """How many match, counting no further than `MOST_COUNTED`."""
        found = self.matching.order_by()[: MOST_COUNTED + 1].count()
        return Count(min(found, MOST_COUNTED), found > MOST_COUNTED)

    @property
    def rows(self) -> list[Any]:
        """The page's rows with the relations that its columns show."""
        return self._found[: self.size]

    @property
    def has_next(self) -> bool:
        """Whether rows follow those of the page."""
        return len(self._found) > self.size

    @cached_property
    def _found(self) -> list[Any]:
        """The page's rows and, if there is one, the row after them."""
        found = self._fetch((self.page - 1) * self.size, self.size + 1)
        load_references(self.columns, found[: self.size], self.user)
        return found

    def _fetch(self, start: int, length: int) -> list[Any]:
        relations = {column.relation for column in self.columns if column.relation}
        wide = self.ordered.select_related(*sorted(relations)) if relations else self.ordered
        wide = wide.defer("search")
        if not self._sorts_many(start):
            return list(wide[start : start + length])
        ids = list(self.ordered.values_list("pk", flat=True)[start : start + length])
        by_id = {row.pk: row for row in wide.filter(pk__in=ids)}
        return [by_id[pk] for pk in ids if pk in by_id]

    def _sorts_many(self, start: int) -> bool:
        """Whether the database may have to sort or skip many rows: then it should move ids, not whole rows."""
        return start >= FAR or bool(self.words) or bool(self.entity.model.parent_field)

    def url(self, **changes: Any) -> str:
        """The list's URL with some parameters changed; None removes one. It goes to page 1 unless `page` is given."""
        params = self.params.copy()
        if "page" not in changes:
            params.pop("page", None)
        for name, value in changes.items():
            params.pop(name, None)
            if value is not None:
                params.setlist(name, [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)])
        text = params.urlencode(safe=READABLE)
        return f"{self.entity.url('list')}?{text}" if text else self.entity.url("list")


def ordering(entity: Entity, sort: Sequence[str], fields: Catalogue | None = None) -> list[OrderBy | str]:
    """The ORDER BY of a list. Empty values come last in falling order and first in rising order, as in the indexes."""
    parts: list[OrderBy | str] = []
    falling = False
    for name in sort:
        falling = name.startswith("-")
        path = name.removeprefix("-")
        column = (fields.get(path) if fields else None) or bind(entity.model, path)
        if may_be_null(column):
            value = F(column.lookup)
            parts.append(value.desc(nulls_last=True) if falling else value.asc(nulls_first=True))
        else:
            parts.append(f"-{column.lookup}" if falling else column.lookup)
    return [*parts, "-pk" if falling else "pk"]


def _one_of(text: str | None, allowed: Sequence[int], default: int) -> int:
    return next((number for number in allowed if str(number) == text), default)


def _page_number(text: str | None) -> int:
    if text and text.isascii() and text.isdigit():
        return min(max(int(text[:9]), 1), LAST_PAGE)
    return 1
