"""What the rules on fields leave of an entity's fields for one user, kept per process until the stamp changes."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm.fields.models import FieldRule, Level
from crm.org.access import access_of, current_stamp
from crm.org.models import Grant

if TYPE_CHECKING:
    from crm.org.models import User

# The right that opens what is masked: 查看完整号码.
REVEAL = "reveal"
GENEROSITY = {Level.HIDDEN: 0, Level.MASKED: 1, Level.READ_ONLY: 2}
CACHE_SIZE = 5000


@dataclass(frozen=True)
class Narrowed:
    """The fields of one entity that a user may see not at all, in part, or not change; all others are free."""

    hidden: frozenset[str] = frozenset()
    masked: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    # Whether the user may see what is masked until somebody owns the record.
    reveals: bool = False


FREE = Narrowed()
_cache: dict[int, tuple[int, Mapping[str, Mapping[str, Level]]]] = {}


def narrowed(user: "User", key: str) -> Narrowed:
    """What is narrowed for the user on the entity of this key (its model's); one query per user and stamp."""
    access = access_of(user)
    if access.everything:
        return Narrowed(reveals=True)
    reveals = access.can(key, REVEAL)
    levels = _levels(user).get(key, {})
    if not levels:
        return Narrowed(reveals=True) if reveals else FREE
    at = {level: frozenset(name for name, found in levels.items() if found == level) for level in Level}
    return Narrowed(
        hidden=at[Level.HIDDEN],
        masked=frozenset() if reveals else at[Level.MASKED],
        read_only=at[Level.READ_ONLY],
        reveals=reveals,
    )


def _levels(user: "User") -> Mapping[str, Mapping[str, Level]]:
    stamp = getattr(user, "org_stamp", None)
    if stamp is None:
        stamp = current_stamp()
    kept = _cache.get(user.pk)
    if kept and kept[0] == stamp:
        return kept[1]
    found = _load(user)
    if len(_cache) >= CACHE_SIZE:
        _cache.clear()
    _cache[user.pk] = (stamp, found)
    return found


def _load(user: "User") -> dict[str, dict[str, Level]]:
    """Key of the entity → field → level: of several roles the most generous counts.

    Only roles that grant something on the entity are asked: one for another module says nothing about
    this one's fields, so its having no rule is not generosity.
    """
    granting: dict[str, set[int]] = defaultdict(set)
    for role, key, actions in Grant.objects.filter(role__users=user).values_list("role", "entity", "actions"):
        if actions:
            granting[key].add(role)
    said: dict[str, dict[str, dict[int, Level]]] = defaultdict(lambda: defaultdict(dict))
    for role, key, field, level in FieldRule.objects.filter(role__users=user).values_list(
        "role", "entity", "field", "level"
    ):
        said[key][field][role] = Level(level)
    return {
        key: {
            name: max(by_role.values(), key=GENEROSITY.__getitem__)
            for name, by_role in by_field.items()
            if granting[key] <= set(by_role)
        }
        for key, by_field in said.items()
    }
