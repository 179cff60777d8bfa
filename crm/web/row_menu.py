"""What a user may do with one record: the ⋯ menu, the right click and the keyboard's menu are this one list."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.entity.declare import Entity
from crm.flow.action import Action
from crm.org.access import access_of
from crm.org.models import User
from crm.web.doors import find_entity, find_record, signed_in


@dataclass(frozen=True)
class Item:
    """One entry: a page to open (link), a form to ask for (dialog, drawer), or something to do at once (post)."""

    label: str | Promise
    url: str
    icon: str = ""
    opens: str = "link"  # or "drawer", "dialog", "post"
    key: str = ""
    reason: str = ""
    danger: bool = False
    group: str = ""


@require_safe
def menu(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """The entries for one record."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    record = find_record(entity, user, pk)
    return render(
        request,
        "list/menu.html",
        {"items": [opened(entity, record), looked_at(entity, record), *items(entity, record, user)]},
    )


def opened(entity: Entity, record: Any) -> Item:
    """The entry that opens the 360 page."""
    return Item(_("Open"), entity.url("detail", record.pk), icon="external-link")


def looked_at(entity: Entity, record: Any) -> Item:
    """The entry that shows the record beside the list."""
    return Item(_("Quick look"), entity.url("peek", record.pk), opens="drawer", key="P")


def items(entity: Entity, record: Any, user: User, place: str = "row") -> list[Item]:
    """What may be done with the record, in the menu's order; what is blocked now says why."""
    allowed = rights(entity, record, user)
    acts = [action for action in entity.actions if place in action.place and action.name in allowed]
    return [
        *_children(entity, record, user, "change" in allowed),
        *(_of_action(entity, record, user, action) for action in acts),
        *([Item(_("Edit"), entity.url("edit", record.pk), icon="edit", group="record")] if "change" in allowed else []),
        *([_delete(entity, record)] if "delete" in allowed else []),
    ]


def row_keys(entity: Entity) -> list[tuple[str, str | Promise]]:
    """(letter, label) of what can be done with the focused row by one key."""
    keys: list[tuple[str, str | Promise]] = [(action.key, action.label) for action in entity.actions if action.key]
    return keys + [(tab.key, tab.verb or _new(child)) for child, tab in entity.child_tabs() if tab.key]


def rights(entity: Entity, record: Any, user: User) -> set[str]:
    """Names of the actions, and "change" and "delete", that rights and scope allow on this record: one query."""
    access = access_of(user)
    wanted: dict[str, tuple[str, str | None]] = {"change": ("change", None), "delete": ("delete", None)}
    wanted |= {action.name: (action.perm, action.part) for action in entity.actions}
    granted = {name: door for name, door in wanted.items() if access.can(entity.model.key(), door[0])}
    asked = {name: _condition(entity, user, *door) for name, door in granted.items()}
    if not asked:
        return set()
    row = entity.model.objects.alive().filter(pk=record.pk).annotate(**{f"may_{n}": c for n, c in asked.items()})
    found = row.values(*(f"may_{name}" for name in asked)).first() or {}
    return {name for name in asked if found.get(f"may_{name}")}


def _condition(entity: Entity, user: User, perm: str, part: str | None) -> "ExpressionWrapper[Any]":
    condition = entity.model.visible(user, access_of(user), perm, part)
    # An empty Q (everything) is no expression.
    return ExpressionWrapper(condition or Q(pk__isnull=False), output_field=BooleanField())


def _children(entity: Entity, record: Any, user: User, may_change: bool) -> Iterator[Item]:
    for child, tab in entity.child_tabs():
        follows = child.model.parent_field == tab.via
        if child.can(user, child.add_perm) and (may_change or not follows):
            url = f"{child.url('new')}?{tab.via}={record.pk}"
            yield Item(tab.verb or _new(child), url, icon=child.icon, opens="drawer", key=tab.key, group="child")


def _new(entity: Entity) -> str:
    return _("New %(entity)s") % {"entity": entity.label}


def _of_action(entity: Entity, record: Any, user: User, action: Action) -> Item:
    return Item(
        label=action.label,
        url=entity.url(f"do/{action.name}", record.pk),
        icon=action.icon,
        opens="dialog" if action.asks else "post",
        key=action.key,
        reason=action.refusal(record, user) or "",
        danger=action.danger,
        group="act",
    )


def _delete(entity: Entity, record: Any) -> Item:
    return Item(_("Delete"), entity.url("delete", record.pk), icon="trash", opens="dialog", danger=True, group="delete")
