"""A query as a tree, and as the text that a URL carries.

    1.all(status.in.3,5;owner.in.me;any(name.has.腾讯;phone.empty))

The number is the version of the form. `~` in a value takes the next character as it is. What is read
here is only well formed: whether the fields and operators exist, `crm.entity.conditions.terms` decides.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, cast

Join = Literal["all", "any"]

VERSION = "1"
JOINS = ("all", "any")
MOST_CONDITIONS = 30
MOST_VALUES = 200
LONGEST = 4000  # characters of the whole text
LONGEST_VALUE = 100

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
SPECIAL = re.compile(r"[~,;()]")
# A chosen set means the same in any order.
SETS = ("in", "out", "under")


class Unreadable(ValueError):
    """The text is no query."""


@dataclass(frozen=True)
class Condition:
    """A field, what is asked of it, and the values that it is compared with, as texts."""

    path: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Conditions of which all or any have to hold; the outermost one may hold further groups."""

    join: Join = "all"
    items: "tuple[Condition | Group, ...]" = ()

    def __bool__(self) -> bool:
        return bool(self.items)

    def conditions(self) -> Iterator[Condition]:
        """Every condition, those of inner groups too."""
        for item in self.items:
            if isinstance(item, Group):
                yield from item.conditions()
            else:
                yield item

    def without(self, place: int) -> "Group":
        """The group without its item at a place."""
        return replace(self, items=(*self.items[:place], *self.items[place + 1 :]))


def read(text: str) -> Group:
    """The query that a text means; `Unreadable` if it is none, or longer than anybody would write."""
    if not text:
        return Group()
    if len(text) > LONGEST or "\x00" in text:
        raise Unreadable
    version, _dot, rest = text.partition(".")
    if version != VERSION:
        raise Unreadable
    reader = _Reader(rest)
    group = reader.group(inner=False)
    if reader.rest or len(list(group.conditions())) > MOST_CONDITIONS:
        raise Unreadable
    return group


def write(group: Group) -> str:
    """The text of a query; an empty query has an empty text."""
    return f"{VERSION}.{_written(group)}" if group else ""


def normal(group: Group) -> Group:
    """The one form of all queries that say the same in another order or with needless groups."""
    items: list[Condition | Group] = []
    for item in group.items:
        one = _normal_item(item)
        if isinstance(one, Group) and (one.join == group.join or len(one.items) < 2):
            items += one.items
        else:
            items.append(one)
    if len(items) == 1 and isinstance(items[0], Group):
        return items[0]
    unique = sorted(set(items), key=_written)
    return Group(group.join if len(unique) > 1 else "all", tuple(unique))


def _normal_item(item: Condition | Group) -> Condition | Group:
    if isinstance(item, Group):
        return normal(item)
    return replace(item, values=tuple(sorted(set(item.values)))) if item.operator in SETS else item


def _written(item: Condition | Group) -> str:
    if isinstance(item, Group):
        return f"{item.join}({';'.join(map(_written, item.items))})"
    values = ",".join(SPECIAL.sub(r"~\g<0>", value) for value in item.values)
    return f"{item.path}.{item.operator}.{values}" if item.values else f"{item.path}.{item.operator}"


class _Reader:
    """Reads a text from left to right."""

    def __init__(self, text: str) -> None:
        self.rest = text

    def group(self, *, inner: bool) -> Group:
        join, bracket, rest = self.rest.partition("(")
        if join not in JOINS or not bracket:
            raise Unreadable
        self.rest = rest
        items: list[Condition | Group] = []
        while not self._take(")"):
            if items and not self._take(";"):
                raise Unreadable
            items.append(self._item(inner))
        return Group(cast(Join, join), tuple(items))

    def _take(self, sign: str) -> bool:
        if not self.rest:
            raise Unreadable
        found = self.rest.startswith(sign)
        self.rest = self.rest[len(sign) :] if found else self.rest
        return found

    def _item(self, inner: bool) -> Condition | Group:
        if self.rest.startswith(("all(", "any(")):
            if inner:
                raise Unreadable
            return self.group(inner=True)
        return self._condition()

    def _condition(self) -> Condition:
        values = self._values()
        path, _dot, rest = values[0].partition(".")
        operator, dot, first = rest.partition(".")
        given = (first, *values[1:]) if dot else ()
        if not NAME.fullmatch(path) or not NAME.fullmatch(operator) or (values[1:] and not dot):
            raise Unreadable
        if len(given) > MOST_VALUES or any(len(value) > LONGEST_VALUE for value in given):
            raise Unreadable
        return Condition(path, operator, given)

    def _values(self) -> list[str]:
        """The pieces between commas, up to the end of the condition, which stays."""
        values = [""]
        while self.rest and self.rest[0] not in ";)":
            sign, self.rest = self.rest[0], self.rest[1:]
            if sign == "~" and self.rest:
                sign, self.rest = self.rest[0], self.rest[1:]
            elif sign == ",":
                values.append("")
                continue
            values[-1] += sign
        return values
