"""The button of its own that a list's row may have: what is done most with a record in this state."""

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from crm.entity.declare import Entity
from crm.flow.action import Action
from crm.org.access import access_of
from crm.org.models import User

AT_ONCE = '<button type="button" class="row-act" hx-post="{url}" hx-swap="none" hx-disabled-elt="this">{label}</button>'
ASKING = '<button type="button" class="row-act" hx-get="{url}" hx-target="#dialog-body">{label}</button>'
NOTHING = conditional_escape("")


def row_buttons(entity: Entity, user: User, records: Sequence[Any]) -> Callable[[Any], SafeString]:
    """A function that gives a record's button as HTML, empty if it has none.

    Costs one query per action whose scope is not that of the list itself, if any row has its state.
    """
    states = {_state(record) for record in records}
    fitting = [action for action in entity.actions if action.on_row & states and entity.can(user, action.perm)]
    offered = [(action, _may(entity, user, action, records)) for action in fitting]

    def button(record: Any) -> SafeString:
        for action, may in offered:
            if _state(record) in action.on_row and may(record.pk):
                url = entity.url(f"do/{action.name}", record.pk)
                return format_html(ASKING if action.asks else AT_ONCE, url=url, label=action.label)
        return NOTHING

    return button


def _may(entity: Entity, user: User, action: Action, records: Sequence[Any]) -> Callable[[int], bool]:
    """Whether the action's own scope reaches a row of this page."""
    key, access = entity.model.key(), access_of(user)
    if access.scope(key, action.perm) == access.scope(key, entity.view_perm) and action.part in (None, entity.part):
        return lambda pk: True
    ids = [record.pk for record in records if _state(record) in action.on_row]
    within = entity.model.objects.visible_to(user, action.perm, part=action.part).filter(pk__in=ids)
    return set(within.values_list("pk", flat=True)).__contains__


def _state(record: Any) -> Any:
    return getattr(record, record.state_field, None)
