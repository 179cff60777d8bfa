"""Every name in a declaration is checked at start-up: a typo fails `manage.py check`, not a user."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from crm.entity.columns import bind
from crm.entity.declare import Entity
from crm.entity.lines import RESULTS
from crm.kernel import registry


def check_entities(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Django's system check over the registry."""
    return [
        Error(f"{entity.key}: {text}", id="crm.E001") for entity in registry.entities() for text in problems(entity)
    ]


def problems(entity: Entity) -> list[str]:
    """What is wrong with a declaration, as sentences for its author."""
    return [
        *_paths(entity), *_fields(entity), *_order(entity), *_tabs(entity), *_actions(entity), *_exchange(entity),
        *_lines(entity), *_stages(entity),
    ]  # fmt: skip


def _paths(entity: Entity) -> Iterator[str]:
    if not entity.columns:
        yield "has no columns"
    for where, names in {"columns": entity.columns, "figures": entity.figures}.items():
        for column in names:
            try:
                bind(entity.model, column)
            except (FieldDoesNotExist, AttributeError):
                yield f"{where}: no field or property {column!r}"


def _fields(entity: Entity) -> Iterator[str]:
    named = {
        "filters": entity.filters, "sections": entity.fields, "quick": entity.quick, "remembered": entity.remembered
    }  # fmt: skip
    for where, names in named.items():
        for name in names:
            if not _has_field(entity.model, name):
                yield f"{where}: no field {name!r}"
    for name in entity.fields:
        if _has_field(entity.model, name) and not entity.model._meta.get_field(name).editable:
            yield f"sections: {name!r} is not editable"
    twice = {name for name in entity.fields if entity.fields.count(name) > 1}
    if twice:
        yield f"sections: {', '.join(sorted(twice))} stands twice"
    for stat in entity.stats:
        if not _has_field(entity.model, stat.group):
            yield f"stats: no field {stat.group!r}"


def _order(entity: Entity) -> Iterator[str]:
    sortable = (
        {column.path for column in entity.bound_columns if column.sortable} if not list(_paths(entity)) else set()
    )
    for name in entity.order:
        plain = name.removeprefix("-")
        if not _has_field(entity.model, plain):
            yield f"order: no field {plain!r}"
        elif sortable and plain not in sortable and plain != "created_at":
            yield f"order: no index begins with {plain!r}"


def _tabs(entity: Entity) -> Iterator[str]:
    for tab in entity.tabs:
        if not _has_field(entity.model, tab.via) or not isinstance(
            entity.model._meta.get_field(tab.via), models.ForeignKey
        ):
            yield f"tabs: {tab.via!r} is no foreign key"
        for column in tab.columns:
            try:
                bind(entity.model, column)
            except (FieldDoesNotExist, AttributeError):
                yield f"tabs: no field or property {column!r}"


def _actions(entity: Entity) -> Iterator[str]:
    states = _states(entity.model)
    names = [action.name for action in entity.actions]
    if len(names) != len(set(names)):
        yield "actions: two have one name"
    for action in entity.actions:
        for state in {*action.states, *action.on_row, *([action.to] if action.to is not None else [])} - states:
            yield f"action {action.name}: no state {state!r}"


def _exchange(entity: Entity) -> Iterator[str]:
    if entity.exchange is None:
        return
    for name in entity.exchange.fields:
        if not _has_field(entity.model, name):
            yield f"exchange: no field {name!r}"
    for alternative in entity.exchange.key:
        for name in alternative:
            if not _has_field(entity.model, name):
                yield f"exchange: no field {name!r}"
    for name in entity.exchange.aliases.keys() - set(entity.exchange.fields):
        yield f"exchange: aliases of {name!r}, which is not exchanged"
    aliases = [alias for some in entity.exchange.aliases.values() for alias in some]
    for alias in sorted({alias for alias in aliases if aliases.count(alias) > 1}):
        yield f"exchange: {alias!r} stands for two fields"


def _lines(entity: Entity) -> Iterator[str]:
    lines = entity.lines
    if lines is None:
        return
    if (
        not lines.model.parent_field
        or lines.model._meta.get_field(lines.model.parent_field).related_model is not entity.model
    ):
        yield f"lines: parent_field of {lines.model.__name__} does not lead here"
    for name in lines.columns:
        if not _has_field(lines.model, name):
            yield f"lines: no field {name!r}"
    for name, part in lines.sums.items():
        if not _has_field(entity.model, name):
            yield f"lines: no field {name!r} for a sum"
        if part not in RESULTS:
            yield f"lines: no sum {part!r}"


def _stages(entity: Entity) -> Iterator[str]:
    for state in set(entity.stages) - _states(entity.model):
        yield f"stages: no state {state!r}"


def _states(model: type[Any]) -> set[str]:
    if not model.state_field:
        return set()
    return {str(value) for value, label in model._meta.get_field(model.state_field).flatchoices}


def _has_field(model: type[models.Model], name: str) -> bool:
    try:
        return bool(model._meta.get_field(name).concrete)
    except FieldDoesNotExist:
        return False
