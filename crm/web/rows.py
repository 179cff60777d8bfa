"""The rows of a list as HTML.

Written out in Python, because a template include per cell costs several times as much.
"""

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm.entity.cells import Cell, cell
from crm.entity.columns import BoundColumn
from crm.entity.declare import Entity
from crm.record.names import Names

# On a phone a row is a card: a title, a tag, and this many facts.
FACTS_ON_A_CARD = 3


def table_rows(
    entity: Entity, columns: Sequence[BoundColumn], records: Sequence[Any], names: Names, *, pick: bool = True
) -> SafeString:
    """The <tr> elements: a box to select it (with `pick`), the name as a link, the other columns, the row's menu."""
    classes = card_classes(columns)
    labels = [capfirst(str(column.label)) for column in columns]
    words = (_("Select %(record)s") if pick else "", _("Actions for %(record)s"))
    return format_html_join(
        "\n", "{}", ((_row(entity, columns, classes, labels, record, names, words),) for record in records)
    )


def card_classes(columns: Sequence[BoundColumn]) -> list[str]:
    """The class of each column's cells: how it is aligned, and what it is on a phone's card."""
    tag = next((i for i, column in enumerate(columns) if i and column.kind in ("option", "choice")), None)
    facts = [i for i in range(1, len(columns)) if i != tag][:FACTS_ON_A_CARD]
    roles: dict[int | None, str] = {**dict.fromkeys(facts, "fact"), tag: "state", 0: "title"}
    return [f"{roles.get(i, 'extra')}{' num' if column.numeric else ''}" for i, column in enumerate(columns)]


def _row(
    entity: Entity,
    columns: Sequence[BoundColumn],
    classes: Sequence[str],
    labels: Sequence[str],
    record: Any,
    names: Names,
    words: tuple[str, str],
) -> SafeString:
    first, *others = [cell(column, record, names) for column in columns]
    return format_html(
        '<tr data-pk="{}">{}<td class="{}"><a class="open" href="{}">{}</a></td>{}'
        '<td class="act"><button type="button" class="more" aria-haspopup="menu" aria-label="{}">⋯</button></td></tr>',
        record.pk,
        _pick(record.pk, words[0] % {"record": first.text}) if words[0] else "",
        classes[0],
        entity.url("detail", record.pk),
        first.text,
        format_html_join("", "{}", ((_cell(*parts),) for parts in zip(classes[1:], labels[1:], others, strict=True))),
        words[1] % {"record": first.text},
    )


def _pick(pk: int, label: str) -> SafeString:
    return format_html(
        '<td class="pick"><input type="checkbox" name="ids" value="{}" form="selection" aria-label="{}"></td>',
        pk,
        label,
    )


def _cell(name: str, label: str, shown: Cell) -> SafeString:
    if shown.empty:
        return format_html('<td class="{} none" data-l="{}">{}</td>', name, label, shown.text)
    if shown.colour:
        return format_html(
            '<td class="{}" data-l="{}"><span class="tag tag-{}">{}</span></td>', name, label, shown.colour, shown.text
        )
    if shown.link:
        return format_html('<td class="{}" data-l="{}"><a href="{}">{}</a></td>', name, label, shown.link, shown.text)
    return format_html('<td class="{}" data-l="{}">{}</td>', name, label, shown.text)
