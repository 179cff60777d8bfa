"""Every address of the product, with what it takes and which right it asks for: for tests from outside."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse

from crm.entity.declare import Entity
from crm.kernel import registry
from crm.record.models import Attachment
from crm.web.middleware import PUBLIC

# The right that a page of an entity asks for besides opening its list.
RIGHTS = {
    "edit": "change",
    "delete": "delete",
    "delete-selected": "delete",
    "attachments": "change",
    "remove-attachment": "change",
}
STAFF = ("admin:", "recycle-bin", "logs")
ENTITY_KWARGS = {"app", "name"}


@dataclass(frozen=True)
class Route:
    """One address with a sample of its parts; `permission` is `entity.right`, "staff", or None for any user."""

    name: str
    methods: list[str]
    pattern: str
    kwargs: dict[str, Any]
    path: str
    permission: str | None
    public: bool


def routes() -> list[Route]:
    """All addresses; those that serve every entity once for each entity, and for each of its actions."""
    return [route for name, pattern, view in _views(get_resolver()) for route in _routes(name, pattern, view)]


def _views(resolver: URLResolver, before: str = "", space: str = "") -> Iterator[tuple[str, str, Any]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _views(entry, before + str(entry.pattern), inner)
        elif entry.name:
            yield f"{space}{entry.name}", before + str(entry.pattern), entry.callback


def _routes(name: str, pattern: str, view: Callable[..., Any]) -> Iterator[Route]:
    for entity, kwargs in _samples(_converters(pattern)):
        try:
            path = reverse(name, kwargs=kwargs)
        except NoReverseMatch:
            path = ""
        yield Route(
            name=name,
            methods=methods(view),
            pattern=f"/{pattern}",
            kwargs=kwargs,
            path=path,
            permission=_permission(name, entity, kwargs),
            public=name in PUBLIC,
        )


def _converters(pattern: str) -> dict[str, str]:
    """The variable parts of a pattern: name → kind."""
    parts = [part.partition(">")[0] for part in pattern.split("<")[1:]]
    return {part.rpartition(":")[2]: part.rpartition(":")[0] or "str" for part in parts}


def _samples(converters: dict[str, str]) -> Iterator[tuple[Entity | None, dict[str, Any]]]:
    if not set(converters) >= ENTITY_KWARGS:
        yield None, {part: _value(part, kind) for part, kind in converters.items()}
        return
    for entity in registry.entities():
        base = {part: _part(entity, part, kind) for part, kind in converters.items()}
        if "action" not in converters:
            yield entity, base
        for action in entity.actions if "action" in converters else ():
            yield entity, {**base, "action": action.name}


def _part(entity: Entity, part: str, kind: str) -> Any:
    match part:
        case "app":
            return entity.app
        case "name":
            return entity.name
        case "pk":
            newest: Any = entity.model._base_manager.order_by("-pk")
            return newest.values_list("pk", flat=True).first() or 1
        case "file":
            return Attachment.objects.order_by("-pk").values_list("pk", flat=True).first() or 1
        case "field":
            return next(iter(entity.filters), "x")
        case "tab":
            return "attachments"
    return _value(part, kind)


def _value(part: str, kind: str) -> Any:
    return {"int": 1, "uuid": str(UUID(int=0))}.get(kind, "org" if part == "app_label" else "x")


def _permission(name: str, entity: Entity | None, kwargs: dict[str, Any]) -> str | None:
    if entity is None:
        return "staff" if name.startswith(STAFF) else None
    plain = name.rpartition(":")[2]
    action = entity.action(str(kwargs.get("action", "")))
    if action is not None:
        right = action.perm
    elif plain == "new":
        right = entity.add_perm
    else:
        head = plain.partition("-")[0]
        right = head if head in ("import", "export") else RIGHTS.get(name, entity.view_perm)
    return f"{entity.model.key()}.{right}"


def methods(view: Any) -> list[str]:
    """The methods that a view takes; GET and POST where it does not say."""
    while view is not None:
        if hasattr(view, "methods"):
            return list(view.methods)
        if hasattr(view, "view_class"):
            names = view.view_class.http_method_names
            return [name.upper() for name in names if hasattr(view.view_class, name)]
        found = inspect.getclosurevars(view).nonlocals.get("request_method_list") if inspect.isfunction(view) else None
        if found:
            return list(found)
        view = getattr(view, "__wrapped__", None)
    return ["GET", "HEAD", "POST"]
