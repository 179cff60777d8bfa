"""Names of users, departments and picklist options, kept per process.

Lists show thousands of them; looking each up, or joining four tables into every list, costs
more than remembering them. The organisation's stamp says when they are old.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

from crm.kernel.text.pinyin import MOST_SPELLINGS, initials, readings
from crm.org.access import current_stamp
from crm.org.models import Department, User
from crm.record.picklists import PicklistOption


@dataclass(frozen=True)
class Option:
    """A picklist option as a list shows it."""

    pk: int
    list: str
    label: str
    colour: str
    active: bool


@dataclass(frozen=True)
class Names:
    """All names at one stamp."""

    users: Mapping[int, str]
    active_users: frozenset[int]
    # In the order of the tree.
    departments: Mapping[int, str]
    active_departments: frozenset[int]
    options: Mapping[int, Option]

    def options_of(self, list_key: str) -> list[Option]:
        """The active options of a list, in their order."""
        return [option for option in self.options.values() if option.list == list_key and option.active]

    def find_users(self, words: str, most: int) -> list[tuple[int, str]]:
        """(id, name) of at most `most` active users whose name, pinyin or initials contain the words."""
        wanted = words.replace(" ", "").casefold()
        found = ((pk, self.users[pk]) for pk, typed in self._spellings.items() if wanted in typed)
        return list(islice(found, most))

    @cached_property
    def _spellings(self) -> dict[int, str]:
        return {pk: _spellings(name) for pk, name in self.users.items() if pk in self.active_users}


def _spellings(name: str) -> str:
    spelled = islice(product(*readings(name)), MOST_SPELLINGS)
    return " ".join([name, *map("".join, spelled), *initials(name)]).casefold()


_kept: tuple[int, Names] | None = None


def names(stamp: int | None = None) -> Names:
    """The names as of now; a caller that knows the stamp (`user.org_stamp`) saves a query."""
    global _kept
    stamp = current_stamp() if stamp is None else stamp
    if _kept is None or _kept[0] != stamp:
        _kept = (stamp, _load())
    return _kept[1]


def _load() -> Names:
    options = PicklistOption.objects.order_by("list", "order", "pk")
    users = list(User.objects.order_by("real_name", "pk").values_list("pk", "real_name", "is_active"))
    departments = list(Department.objects.order_by("path").values_list("pk", "name", "active"))
    return Names(
        users={pk: real_name for pk, real_name, _ in users},
        active_users=frozenset(pk for pk, _, is_active in users if is_active),
        departments={pk: name for pk, name, _ in departments},
        active_departments=frozenset(pk for pk, _, active in departments if active),
        options={o.pk: Option(o.pk, o.list, o.label, o.colour, o.active) for o in options},
    )
