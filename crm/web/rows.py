"""The rows of a list as HTML.

Written out in Python, because templates cost several times as much, and with as little
escaping as is safe: what is the same in every row is escaped once.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm.entity.cells import EMPTY, Cell, cell
from crm.entity.columns import BoundColumn
from crm.entity.declare import Entity
from crm.record.names import Names

# On a phone a row is a card: a title, a tag, and this many facts.
FACTS_ON_A_CARD = 3

NOTHING = conditional_escape("")
ROW = (
    '<tr data-pk="{pk}"{state}>{pick}<td class="{css}"><a class="open" href="{url}/">{title}</a></td>{cells}'
    '<td class="act">{button}'
    '<button type="button" class="more" aria-haspopup="menu" aria-label="{menu}">⋯</button></td></tr>\n'
)
PICK = '<td class="pick"><input type="checkbox" name="ids" value="{}" form="selection" aria-label="{}"></td>'


def table_rows(
    entity: Entity,
    columns: Sequence[BoundColumn],
    records: Sequence[Any],
    names: Names,
    *,
    pick: bool = True,
    button: Callable[[Any], SafeString] | None = None,
) -> SafeString:
    """The <tr> elements: a box to select it (with `pick`), the name as a link, the other columns, the row's menu.

    `button` gives the button of its own that a row may have (`crm.web.row_buttons`).
    """
    first, *others = columns
    css, *classes = card_classes(columns)
    writers = list(zip(others, map(_writer, others, classes), strict=True))
    list_url = conditional_escape(entity.url("list"))
    state = _stater(entity)
    select, menu = _labeller(_("Select %(record)s")), _labeller(_("Actions for %(record)s"))

    def write(record: Any) -> SafeString:
        pk = conditional_escape(record.pk)
        title = conditional_escape(cell(first, record, names).text)
        return format_html(
            ROW,
            pk=pk,
            state=state(record),
            pick=format_html(PICK, pk, select(title)) if pick else NOTHING,
            css=css,
            url=list_url + pk,
            title=title,
            cells=_joined(td(cell(column, record, names)) for column, td in writers),
            button=button(record) if button else NOTHING,
            menu=menu(title),
        )

    return _joined(map(write, records))


def card_classes(columns: Sequence[BoundColumn]) -> list[str]:
    """The class of each column's cells: how it is aligned, and what it is on a phone's card."""
    tag = next((i for i, column in enumerate(columns) if i and column.kind in ("option", "choice")), None)
    rest = [i for i in range(1, len(columns)) if i != tag]
    # What one taps on a phone comes first: the number to call.
    facts = sorted(rest, key=lambda i: columns[i].kind != "phone")[:FACTS_ON_A_CARD]
    roles: dict[int | None, str] = {**dict.fromkeys(facts, "fact"), tag: "state", 0: "title"}
    return [f"{roles.get(i, 'extra')}{' num' if column.numeric else ''}" for i, column in enumerate(columns)]


def _writer(column: BoundColumn, css: str) -> Callable[[Cell], SafeString]:
    """A function that writes the cells of one column; what it wrote once it remembers."""
    label = format_html(' data-l="{}"', capfirst(str(column.label))) if "fact" in css else NOTHING
    start, end = format_html('<td class="{}"{}>', css, label), format_html("</td>{}", "")
    empty = format_html('<td class="{} none"{}>{}</td>', css, label, EMPTY)
    written: dict[str, SafeString] = {}

    def write(shown: Cell) -> SafeString:
        if shown.empty:
            return empty
        if shown.text not in written:
            written[shown.text] = start + _inside(shown) + end
        return written[shown.text]

    return write


def _inside(shown: Cell) -> SafeString:
    if shown.link:
        return format_html('<a href="{}">{}</a>', shown.link, shown.text)
    if shown.colour:
        return format_html('<span class="tag tag-{}">{}</span>', shown.colour, shown.text)
    return conditional_escape(shown.text)


def _stater(entity: Entity) -> Callable[[Any], SafeString]:
    """A function that says a record's state, so that the page offers a selection only what fits it."""
    name = entity.model.state_field
    if not name:
        return lambda record: NOTHING
    field: Any = entity.model._meta.get_field(name)
    states = {value: format_html(' data-state="{}"', value) for value, _label in field.flatchoices}
    return lambda record: states.get(getattr(record, name), NOTHING)


def _labeller(pattern: str) -> Callable[[SafeString], SafeString]:
    """A function that puts a record's name into a translated text."""
    before, after = map(conditional_escape, pattern.split("%(record)s"))
    return lambda name: before + name + after


def _joined(parts: Any) -> SafeString:
    """Safe texts put together stay safe."""
    return reduce(add, parts, NOTHING)
