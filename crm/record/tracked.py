"""Models that remember what they were loaded with, so that a write knows what changed."""

from collections.abc import Collection
from functools import cache
from typing import Any, Self

from django.db import models


class Tracked(models.Model):
    """Keeps the loaded column values beside the present ones; costs one tuple per row."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> Self:
        """Django's hook for a loaded row."""
        record = super().from_db(db, field_names, values, **options)
        record.__dict__["_loaded"] = dict(zip(field_names, values, strict=False))
        return record

    def changed_fields(self) -> dict[str, tuple[Any, Any]]:
        """Attribute name → (value in the database, value now), of the columns that differ."""
        loaded = self.__dict__.get("_loaded", {})
        return {
            name: (old, self.__dict__[name])
            for name, old in loaded.items()
            if name in self.__dict__ and self.__dict__[name] != old
        }

    def mark_saved(self) -> None:
        """Take the present values as those in the database; `last_written` tells what the write changed."""
        self.__dict__["_written"] = self.changed_fields()
        values = self.__dict__
        values["_loaded"] = {name: values[name] for name in _columns(type(self)) if name in values}

    def last_written(self) -> dict[str, tuple[Any, Any]]:
        """Attribute name → (value before, value after), of the columns that the last write changed."""
        written: dict[str, tuple[Any, Any]] = self.__dict__.get("_written", {})
        return written


@cache
def _columns(model: type[models.Model]) -> tuple[str, ...]:
    """The attributes that hold a model's columns."""
    return tuple(field.attname for field in model._meta.concrete_fields)
