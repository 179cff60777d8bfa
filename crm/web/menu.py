"""The main navigation: groups in a fixed order, filled from the registry with what the user may open."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.entity.declare import Entity
from crm.kernel import registry

if TYPE_CHECKING:
    from crm.org.models import User

# What entities name as their `menu`: key, label, icon.
GROUPS: tuple[tuple[str, Promise, str], ...] = (("customers", _("Customers"), "building"),)


@dataclass
class Group:
    """A heading of the navigation with its lists."""

    key: str
    label: str | Promise
    icon: str
    entries: list[Entity] = field(default_factory=list)


def groups_for(user: "User") -> list[Group]:
    """The groups in which the user may open at least one list; lists by weight."""
    groups = {key: Group(key, label, icon) for key, label, icon in GROUPS}
    for entity in sorted(registry.entities(), key=lambda entity: entity.weight):
        if entity.menu in groups and entity.can(user, entity.view_perm):
            groups[entity.menu].entries.append(entity)
    return [group for group in groups.values() if group.entries]


def creatable(groups: list[Group], user: "User") -> list[Entity]:
    """The entities of which the user may create records, for the quick menu."""
    entries = [entity for group in groups for entity in group.entries if entity.canonical]
    return [entity for entity in entries if entity.can(user, entity.add_perm)]
