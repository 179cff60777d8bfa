"""Likely duplicates, as far as the reader may know the fields by which they are found and described."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from crm.entity.catalogue import catalogue
from crm.entity.declare import Entity
from crm.entity.duplicates import DuplicateCheck, Hit

if TYPE_CHECKING:
    from crm.org.models import User

# What a hit says, by the field that must not be hidden from its reader.
SAID = {"owner": "owner", "department": "department", "last_follow_up_at": "last_follow_up_at"}


def find(
    entity: Entity, check: DuplicateCheck, typed: Mapping[str, str], user: "User", exclude: int | None
) -> list[Hit]:
    """The hits for what was typed; a field that is hidden from the user is neither compared nor told."""
    seen = catalogue(entity, user).fields
    compared = {name: text if name in seen else "" for name, text in typed.items()}
    if not any(compared.values()):
        return []
    untold = {attribute: None if path.endswith("_at") else "" for path, attribute in SAID.items() if path not in seen}
    return [replace(hit, **untold) for hit in check.find(compared, user, exclude)]  # type: ignore[arg-type]
