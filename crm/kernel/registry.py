"""The one list of entities. `crm.entity` fills it; layers below read names from it."""

from collections.abc import Iterator
from typing import Any

_entities: dict[str, Any] = {}


def add(entity: Any) -> None:
    """Register an entity object under its key (`app.name`); a key serves once."""
    if entity.key in _entities and type(_entities[entity.key]) is not type(entity):
        raise ValueError(f"two entities are called {entity.key}")
    _entities[entity.key] = entity


def remove(key: str) -> None:
    """Take an entity out again (tests declare some on the spot)."""
    _entities.pop(key, None)


def get(key: str) -> Any:
    """The entity of this key; KeyError if there is none."""
    return _entities[key]


def find(key: str) -> Any | None:
    """The entity of this key, or None."""
    return _entities.get(key)


def entities() -> list[Any]:
    """All entities, in the order in which they were declared."""
    return list(_entities.values())


def for_model(model: type) -> Any | None:
    """The entity that owns a model's 360 page, or None."""
    return next((e for e in _entities.values() if e.model is model and e.canonical), None)


def keys() -> Iterator[str]:
    """The keys of all entities."""
    return iter(_entities)
