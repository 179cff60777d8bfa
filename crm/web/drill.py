"""From a figure to the rows behind it: the list's query with the conditions that make the figure's groups."""

from collections.abc import Iterator, Sequence
from datetime import date

from crm.entity.conditions import tree
from crm.entity.conditions.tree import Condition
from crm.entity.query import ListQuery
from crm.entity.statistics import Dimension, Group, period_end

# A group with the field that makes it, and all groups of that field.
Chosen = tuple[Dimension, Group, Sequence[Group]]


def drill(query: ListQuery, chosen: Sequence[Chosen]) -> str:
    """The list of the rows of `query` that are in all these groups; empty where no query says just that."""
    conditions: list[Condition | tree.Group] = []
    for dimension, group, groups in chosen:
        found = list(_conditions(dimension, group, groups))
        if not found:
            return ""
        conditions += found
    if not conditions:
        return query.url()
    where = query.where
    if where.join == "any" and len(where.items) > 1:
        if any(isinstance(item, tree.Group) for item in where.items):
            return ""
        where = tree.Group("all", (where,))
    return query.url(where=tree.write(tree.Group("all", (*where.items, *conditions))))


def _conditions(dimension: Dimension, group: Group, groups: Sequence[Group]) -> Iterator[Condition]:
    path = dimension.column.path
    match group.kind:
        case "empty":
            yield Condition(path, "empty")
        case "others":
            yield from _others(dimension, groups)
        case "value" if dimension.step:
            first: date = group.value
            last = period_end(first, dimension.step)
            yield Condition(path, "between", (first.isoformat(), last.isoformat()))
        case "value" if dimension.column.kind == "bool":
            yield Condition(path, "is", ("yes" if group.value else "no",))
        case "value":
            yield Condition(path, "in", (str(group.value),))


def _others(dimension: Dimension, groups: Sequence[Group]) -> Iterator[Condition]:
    """What is in none of the groups that are shown."""
    path, shown = dimension.column.path, [group for group in groups if group.kind == "value"]
    if not shown or any(group.kind == "hidden" for group in groups):
        return
    if dimension.step:
        yield Condition(path, "before", (shown[0].value.isoformat(),))
        return
    yield Condition(path, "out", tuple(str(group.value) for group in shown))
    if any(group.kind == "empty" for group in groups):
        yield Condition(path, "filled")
