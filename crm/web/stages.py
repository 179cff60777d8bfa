"""The bar of stages on a record's page: where it stands, where it has been, and what leads on."""

from dataclasses import dataclass
from typing import Any, Literal

from crm.entity.declare import Entity
from crm.web.row_menu import Item


@dataclass(frozen=True)
class Stage:
    """One step of the way."""

    value: str
    label: str
    place: Literal["reached", "current", "ahead"]
    # What leads here, if the user may do it; blocked where it gives a reason.
    item: Item | None

    @property
    def opens(self) -> str:
        """ "dialog" where something has to be asked first, "post" where not, empty where nothing leads here."""
        return self.item.opens if self.item and self.place != "current" else ""


def stages(entity: Entity, record: Any, items: list[Item]) -> list[Stage]:
    """The stages that the entity declares, for one record; `items` is what its user may do with it.

    A stage is a state. What leads there is an action `to` that state: of several the first that is possible.
    """
    if not entity.stages:
        return []
    labels = dict(entity.model._meta.get_field(entity.model.state_field).flatchoices)  # type: ignore[union-attr]
    now = getattr(record, record.state_field)
    at = entity.stages.index(now) if now in entity.stages else -1
    return [
        Stage(
            value=state,
            label=str(labels[state]),
            place="current" if number == at else "reached" if number < at else "ahead",
            item=_leading(entity, record, items, state),
        )
        for number, state in enumerate(entity.stages)
    ]


def _leading(entity: Entity, record: Any, items: list[Item], state: str) -> Item | None:
    addresses = {entity.url(f"do/{action.name}", record.pk) for action in entity.actions if action.to == state}
    found = [item for item in items if item.url in addresses]
    return next((item for item in found if not item.reason), found[0] if found else None)
