"""Conditions that other parts of the product put on lists: a parameter of the address, what it asks for, how it reads.

    @narrowing("import")
    def of_an_import(entity, user, value): ...

The list shows each as a chip, and counts, statistics, exports and bulk actions over the list honour it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.functional import Promise

from crm.entity.declare import Entity

if TYPE_CHECKING:
    from crm.org.models import User


@dataclass(frozen=True)
class Meaning:
    """What one value of a parameter asks for: a condition, and the chip's label and text."""

    condition: Q
    label: str | Promise
    text: str


@dataclass(frozen=True)
class Narrowed:
    """A parameter as it stands in an address."""

    parameter: str
    value: str
    meaning: Meaning


Narrow = Callable[[Entity, "User", str], Meaning]
LONGEST = 60  # characters of a value

_known: dict[str, Narrow] = {}


def narrowing(parameter: str) -> Callable[[Narrow], Narrow]:
    """Decorator: the function says what a value of this parameter means on a list, whatever the value is."""

    def declare(narrow: Narrow) -> Narrow:
        _known[parameter] = narrow
        return narrow

    return declare


def narrowings(entity: Entity, params: Mapping[str, str], user: "User") -> list[Narrowed]:
    """What of it an address asks for."""
    return [
        Narrowed(name, value, narrow(entity, user, value))
        for name, narrow in _known.items()
        if (value := (params.get(name) or "").replace("\x00", "")[:LONGEST])
    ]
