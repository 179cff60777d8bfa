"""The list page of every entity."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from crm.entity.bulk_edit import changeable
from crm.entity.catalogue import catalogue
from crm.entity.cells import format_number
from crm.entity.columns import BoundColumn
from crm.entity.declare import Entity
from crm.entity.query import MOST_COUNTED, SIZES, Count, ListQuery
from crm.flow.action import Action
from crm.org.models import User
from crm.views.saved import Shelf
from crm.web.doors import find_entity, signed_in
from crm.web.filter_bar import Chip, FilterBox, boxes, chips
from crm.web.htmx import is_fragment, page_of
from crm.web.row_buttons import row_buttons
from crm.web.row_menu import row_keys
from crm.web.rows import card_classes, table_rows
from crm.web.view_tabs import ViewTab, known_counts, lost_of, tab_counts, view_tabs


@require_safe
def page(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """The whole page, or for htmx the part below the filter bar."""
    user = signed_in(request.user)
    shown = List(find_entity(user, app, name), without_empty(request.GET), user)
    if not is_fragment(request):
        return render(request, "list/page.html", {"list": shown})
    return fragment(request, shown)


def fragment(request: HttpRequest, shown: "List", template: str = "list/swap.html") -> HttpResponse:
    """The part below the filter bar, and the address at which it stands."""
    from_bar = request.headers.get("HX-Trigger", "") in BAR
    response = render(request, template, {"list": shown, "from_bar": from_bar})
    address = shown.query.url(page=shown.query.params.get("page"))
    # Loading the same query again is no step to go back from.
    response.headers["HX-Replace-Url" if address == page_of(request) else "HX-Push-Url"] = address
    return response


@require_safe
def counted(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """The foot of a list with what is counted after the page: how many match, totals; with `exact`, however many."""
    user = signed_in(request.user)
    shown = List(find_entity(user, app, name), without_empty(request.GET), user)
    exact = shown.query.params.pop("exact", None)
    shown.count = shown.query.exact_count if exact else shown.query.count
    shown.tab_counts = tab_counts(shown.shelf)
    return render(request, "list/counted.html", {"list": shown})


# Pixels of the columns whose width is left open, where others have one.
TITLE_WIDTH, USUAL_WIDTH = 260, 200
USUAL_WIDTHS = {
    **dict.fromkeys(("date", "integer", "decimal", "user", "department", "choice", "option"), 120),
    **dict.fromkeys(("datetime", "phone"), 160),
    "bool": 80,
}
ACTS_WIDTH, ROW_BUTTON_WIDTH = 44, 72

# The ids of the parts of the filter bar; when one of them asks, the bar itself stays as it is.
BAR = ("filters", "words", "boxes")


@require_safe
def choices(request: HttpRequest, app: str, name: str, field: str) -> HttpResponse:
    """The choices of one filter box, for those too long to be in every page."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    query = ListQuery(entity, without_empty(request.GET), user)
    if field not in query.filters.base_filters:
        raise Http404
    box = FilterBox(query, field)
    if box.kind != "choices":
        raise Http404
    return render(request, "list/choices.html", {"box": box})


def without_empty(params: QueryDict) -> QueryDict:
    """The parameters of a URL without those that say nothing."""
    kept = QueryDict(mutable=True)
    for name, values in params.lists():
        said = [value for value in values if value]
        if said:
            kept.setlist(name, said)
    return kept


@dataclass(frozen=True)
class Head:
    """The head of a column."""

    column: BoundColumn
    css: str
    direction: str
    url: str

    @property
    def label(self) -> str | Promise:
        """The column's label."""
        return self.column.label


class List:
    """What the list templates show."""

    def __init__(self, entity: Entity, params: QueryDict, user: User) -> None:
        self.entity, self.user = entity, user
        self.shelf = Shelf(entity, user)
        params, self.view = self.shelf.opened(params)
        fields = catalogue(entity, user)
        self.shown = self.shelf.columns(self.view, fields)
        self.query = ListQuery(entity, params, user, self.shown.bound(fields))
        self.sizes = SIZES

    @property
    def title(self) -> str:
        """The list's heading."""
        return capfirst(self.entity.label_plural)

    # -- the rows

    @property
    def columns(self) -> Sequence[BoundColumn]:
        """The columns in their order."""
        return self.query.columns

    @property
    def widths(self) -> list[int]:
        """The width of each column in pixels, if the user set one; else the content decides."""
        chosen = self.shown.widths
        if not any(chosen.get(column.path) for column in self.columns):
            return []
        usual = [TITLE_WIDTH, *(USUAL_WIDTHS.get(column.kind, USUAL_WIDTH) for column in self.columns[1:])]
        return [chosen.get(column.path) or width for column, width in zip(self.columns, usual, strict=True)]

    @property
    def acts_width(self) -> int:
        """The width of the last column, which holds the rows' buttons."""
        return ACTS_WIDTH + (ROW_BUTTON_WIDTH if any(action.on_row for action in self.entity.actions) else 0)

    @cached_property
    def rows(self) -> SafeString:
        """The table's body; empty if nothing matches."""
        rows = self.query.rows
        button = row_buttons(self.entity, self.user, rows)
        return table_rows(self.entity, self.columns, rows, self.query.names, button=button)

    @property
    def heads(self) -> list[Head]:
        """The table's head."""
        return [self._head(column, css) for column, css in zip(self.columns, card_classes(self.columns), strict=True)]

    def _head(self, column: BoundColumn, css: str) -> Head:
        first = self.query.sort[0] if self.query.sort else ""
        direction = {column.path: "ascending", f"-{column.path}": "descending"}.get(first, "")
        wanted = f"-{column.path}" if direction == "ascending" else column.path
        return Head(column, css, direction, self.query.url(sort=wanted) if column.sortable else "")

    # -- how many, and which page

    @cached_property
    def count(self) -> Count | None:
        """How many rows match, where that costs nothing: the last page tells. Else it is asked for after the page."""
        rows, query = self.query.rows, self.query
        if query.has_next or (query.page > 1 and not rows):
            return None
        seen = (query.page - 1) * query.size + len(rows)
        return Count(min(seen, MOST_COUNTED), seen > MOST_COUNTED)

    @property
    def pages(self) -> int | None:
        """The number of the last page; None if nobody has counted that far."""
        if self.count is None or self.count.more:
            return None
        return max(1, -(-self.count.number // self.query.size))

    @property
    def counts_later(self) -> bool:
        """Whether the page asks for its count and totals once it is shown."""
        return self.count is None or bool(self._summed) or self.tab_counts is None

    @property
    def has_more_than_page(self) -> bool:
        """Whether other pages exist."""
        return self.query.page > 1 or self.query.has_next

    @property
    def previous_url(self) -> str:
        """The page before, or an empty text."""
        return self.query.url(page=self.query.page - 1) if self.query.page > 1 else ""

    @property
    def next_url(self) -> str:
        """The page after, or an empty text."""
        return self.query.url(page=self.query.page + 1) if self.query.has_next else ""

    @property
    def first_url(self) -> str:
        """The first page."""
        return self.query.url(page=None)

    @property
    def exact_url(self) -> str:
        """Where the exact number is asked for, of a list that is too long to count at once."""
        return f"{self.entity.url('counts')}{self.query_string}{'&' if self.query_string else '?'}exact=1"

    @property
    def totals(self) -> list[tuple[str | Promise, str]]:
        """(label, sum) of the columns with amounts, over all matching rows while these can be counted."""
        if not self._summed or self.count is None or self.count.more or not self.count.number:
            return []
        asked = {f"sum_{place}": Sum(column.lookup) for place, column in enumerate(self._summed)}
        sums: dict[str, Any] = self.query.matching.order_by().aggregate(**asked)
        return [(column.label, format_number(sums[f"sum_{place}"] or 0)) for place, column in enumerate(self._summed)]

    @property
    def _summed(self) -> list[BoundColumn]:
        return [column for column in self.columns if column.kind == "decimal" and column.field is not None]

    # -- views

    @cached_property
    def tab_counts(self) -> dict[int, str] | None:
        """How many rows each view finds, if that is known; None if it is asked for after the page."""
        return known_counts(self.shelf)

    @cached_property
    def tabs(self) -> list[ViewTab]:
        """The views above the list; none where nobody has saved any."""
        return view_tabs(self.shelf, self.view, self.tab_counts or {})

    @property
    def all_url(self) -> str:
        """The list without view, words, conditions, order and page."""
        return self.entity.url("list") + ("?view=all" if self.shelf.default else "")

    @property
    def is_changed(self) -> bool:
        """Whether the query is another one than the view's."""
        return self.view is not None and self.query.normal != self.view.query

    @property
    def can_save_view(self) -> bool:
        """Whether there is something to save: a query that is no view's."""
        return self.is_changed or (self.view is None and bool(self.query.normal))

    @property
    def owns_view(self) -> bool:
        """Whether the view is the user's own."""
        return self.view is not None and self.view.owner_id == self.user.pk

    @cached_property
    def lost(self) -> list[str]:
        """What of the view cannot be shown to this reader any more, as sentences."""
        if self.view is None:
            return []
        return lost_of(self.view, self.query)

    # -- the query

    @cached_property
    def boxes(self) -> list[FilterBox]:
        """The filter bar."""
        return boxes(self.query)

    @cached_property
    def chips(self) -> list[Chip]:
        """The conditions of the filter bar and of the advanced query in words."""
        return list(chips(self.query, self.boxes))

    @property
    def is_narrowed(self) -> bool:
        """Whether words or conditions leave rows out."""
        return bool(self.query.words or self.chips)

    @property
    def state(self) -> list[tuple[str, str]]:
        """Every parameter but the page, for forms that change the page."""
        params = self.query.params
        return [(name, str(value)) for name in params if name != "page" for value in params.getlist(name)]

    @property
    def state_without_size(self) -> list[tuple[str, str]]:
        """Every parameter but page and size, for the form that changes the size."""
        return [(name, value) for name, value in self.state if name != "size"]

    @property
    def query_string(self) -> str:
        """The query as it stands in the URL, with its question mark; empty if there is none."""
        return self.query.url(page=None).removeprefix(self.entity.url("list"))

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Parameters that a new query of the filter bar keeps: view, advanced query, order and page size."""
        return [
            (name, str(self.query.params[name]))
            for name in ("view", "where", "sort", "size")
            if name in self.query.params
        ]

    @property
    def notice(self) -> str:
        """What the user has to know above the list."""
        return self.entity.notice(self.user)

    # -- what may be done

    @property
    def can_add(self) -> bool:
        """Whether the user may create records here."""
        return self.entity.can(self.user, self.entity.add_perm)

    @property
    def can_import(self) -> bool:
        """Whether the user may import into this list."""
        return self.entity.exchange is not None and self.entity.can(self.user, "import")

    @property
    def can_export(self) -> bool:
        """Whether the user may take rows of this list out as a file."""
        return self.entity.exchange is not None and self.entity.can(self.user, "export")

    @cached_property
    def editable(self) -> str:
        """The paths of the fields that may be changed in place or for a selection, between spaces."""
        return " ".join(column.path for column in changeable(self.entity, self.user))

    @property
    def can_delete(self) -> bool:
        """Whether a selection may be deleted."""
        return self.entity.can(self.user, "delete")

    @property
    def keys(self) -> str:
        """The letters that act on the focused row."""
        return "".join(key for key, label in row_keys(self.entity)).lower()

    @property
    def bulk_actions(self) -> list[Action]:
        """What may be done with a selection."""
        return [a for a in self.entity.actions if a.bulk and self.entity.can(self.user, a.perm) and self._fits(a)]

    def _fits(self, action: Action) -> bool:
        return action.part is None or action.part == self.entity.part
