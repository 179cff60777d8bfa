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

from crm.entity.cells import Cell, cell
from crm.entity.columns import BoundColumn
from crm.entity.declare import Entity
from crm.record.names import Names

# On a phone a row is a card: a title, a tag, and this many facts.
FACTS_ON_A_CARD = 3

NOTHING = conditional_escape("")
ROW = (
    '<tr data-pk="{pk}">{pick}<td class="{css}"><a class="open" href="{url}">{title}</a></td>{cells}'
    '<td class="act"><button type="button" class="more" aria-haspopup="menu" aria-label="{menu}">⋯</button></td></tr>\n'
)
PICK = '<td class="pick"><input type="checkbox" name="ids" value="{}" form="selection" aria-label="{}"></td>'


def table_rows(
    entity: Entity, columns: Sequence[BoundColumn], records: Sequence[Any], names: Names, *, pick: bool = True
) -> SafeString:
    """The <tr> elements: a box to select it (with `pick`), the name as a link, the other columns, the row's menu."""
    title, *others = columns
    css, *classes = card_classes(columns)
    labels = [capfirst(str(column.label)) for column in others]
    writers = list(zip(others, map(_writer, classes, labels), strict=True))
    select, menu = _("Select %(record)s"), _("Actions for %(record)s")
    return _joined(
        format_html(
            ROW,
            pk=record.pk,
            pick=format_html(PICK, record.pk, select % {"record": text}) if pick else NOTHING,
            css=css,
            url=entity.url("detail", record.pk),
            title=text,
            cells=_joined(write(cell(column, record, names)) for column, write in writers),
            menu=menu % {"record": text},
        )
        for record in records
        for text in [cell(title, record, names).text]
    )


def card_classes(columns: Sequence[BoundColumn]) -> list[str]:
    """The class of each column's cells: how it is aligned, and what it is on a phone's card."""
    tag = next((i for i, column in enumerate(columns) if i and column.kind in ("option", "choice")), None)
    rest = [i for i in range(1, len(columns)) if i != tag]
    # What one taps on a phone comes first: the number to call.
    facts = sorted(rest, key=lambda i: columns[i].kind != "phone")[:FACTS_ON_A_CARD]
    roles: dict[int | None, str] = {**dict.fromkeys(facts, "fact"), tag: "state", 0: "title"}
    return [f"{roles.get(i, 'extra')}{' num' if column.numeric else ''}" for i, column in enumerate(columns)]


def _writer(css: str, label: str) -> Callable[[Cell], SafeString]:
    """A function that writes the cells of one column."""
    start, end = format_html('<td class="{}" data-l="{}">', css, label), format_html("</td>{}", "")
    empty = format_html('<td class="{} none" data-l="{}">', css, label)
    tags: dict[Cell, SafeString] = {}

    def write(shown: Cell) -> SafeString:
        if shown.empty:
            return empty + conditional_escape(shown.text) + end
        if shown.link:
            return start + format_html('<a href="{}">{}</a>', shown.link, shown.text) + end
        if not shown.colour:
            return start + conditional_escape(shown.text) + end
        if shown not in tags:
            tags[shown] = start + format_html('<span class="tag tag-{}">{}</span>', shown.colour, shown.text) + end
        return tags[shown]

    return write


def _joined(parts: Any) -> SafeString:
    """Safe texts put together stay safe."""
    return reduce(add, parts, NOTHING)
