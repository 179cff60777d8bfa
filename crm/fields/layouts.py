"""The form layouts that companies made, kept per process until the organisation's stamp changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.fields.models import FormLayout
from crm.org.access import current_stamp


@dataclass(frozen=True)
class Arranged:
    """A saved layout, as stored; see `FormLayout`."""

    sections: list[dict[str, Any]]
    conditions: list[dict[str, Any]]


_kept: tuple[int, Mapping[str, Arranged]] | None = None


def arranged(key: str, stamp: int | None = None) -> Arranged | None:
    """The layout of a list module, by its key; None where the declaration holds."""
    global _kept
    stamp = current_stamp() if stamp is None else stamp
    if _kept is None or _kept[0] != stamp:
        rows = FormLayout.objects.values_list("entity", "sections", "conditions")
        _kept = (stamp, {entity: Arranged(sections, conditions) for entity, sections, conditions in rows})
    return _kept[1].get(key)
