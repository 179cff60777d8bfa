"""What every entity is, for tests from outside: names, addresses, actions, fields."""

from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import override

from crm.api.inputs import kind_of_input
from crm.entity.catalogue import catalogue
from crm.entity.columns import BoundColumn
from crm.entity.declare import Entity
from crm.entity.forms import form_class
from crm.flow.delete import delete
from crm.kernel import registry
from crm.org.models import User


def describe() -> list[dict[str, Any]]:
    """All entities, as somebody who may do everything has them."""
    everything = User(pk=0, is_active=True, is_superuser=True)
    return [_described(entity, everything) for entity in registry.entities()]


def labels(text: str | Promise) -> dict[str, str]:
    """A text in every language of the product."""
    told = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            told[code] = capfirst(str(text))
    return told


def _described(entity: Entity, user: User) -> dict[str, Any]:
    meta = entity.model._meta
    pages = ["list", "new", *(["import", "export"] if entity.exchange else [])]
    form = form_class(entity, user)(instance=entity.model(), user=user)
    return {
        "app": entity.app,
        "entity": entity.name,
        "key": entity.key,
        "model": entity.model.key(),
        "labels": {
            "one": labels(meta.verbose_name or ""),
            "many": labels(entity.title or meta.verbose_name_plural or ""),
        },
        "urls": {**{page: entity.url(page) for page in pages}, "api": f"/api{entity.url()}"},
        "permissions": {"view": entity.view_perm, "add": entity.add_perm},
        "actions": [
            {
                "name": action.name,
                "labels": labels(action.label),
                "permission": action.perm,
                "bulk": action.bulk,
                "states": sorted(action.states),
                "inputs": list(getattr(action.form, "base_fields", {})),
            }
            for action in (*entity.actions, delete)
        ],
        "fields": [_field(column, form.fields.get(path)) for path, column in catalogue(entity, user).fields.items()],
        "filters": list(entity.filters),
    }


def _field(column: BoundColumn, field: Any) -> dict[str, Any]:
    choices = kind_of_input(field).schema.get("x-labels") if field is not None else None
    return {
        "name": column.path,
        "labels": labels(column.label),
        "type": column.kind,
        "editable": field is not None,
        "required": bool(field is not None and field.required),
        **({"choices": [{"value": value, "label": label} for value, label in choices.items()]} if choices else {}),
    }
