"""The 360 page of a record: who it is and what can be done with it, its facts, and everything that refers to it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.entity.cells import Cell, cell
from crm.entity.columns import bind
from crm.entity.declare import Entity, Note
from crm.entity.panels import Facts
from crm.org.models import User
from crm.record.names import names
from crm.web.doors import find_entity, find_record, signed_in
from crm.web.row_menu import Item, items
from crm.web.stages import Stage, stages
from crm.web.tabs import Tabs

# What stands in the head as a button of its own, besides "edit".
BUTTONS = 3


@require_safe
def detail(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """The page; `tab` in the query string says which tab is open."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    record = find_record(entity, user, pk)
    tabs = Tabs(entity, record, user, request.GET.get("tab", ""), request.GET)
    page = RecordPage(entity, record, user)
    return render(request, "record/detail.html", {"page": page, "tabs": tabs, "tab": tabs.current})


class RecordPage:
    """Head and facts of a record for one user."""

    def __init__(self, entity: Entity, record: Any, user: User) -> None:
        self.entity, self.record, self.user = entity, record, user
        self.names = names(getattr(user, "org_stamp", None))
        self.facts = Facts(entity, record, user, self.names)

    @property
    def state(self) -> Cell | None:
        """The state as a tag; None where the entity has none."""
        field = self.record.state_field
        return cell(bind(self.entity.model, field), self.record, self.names) if field else None

    @property
    def stages(self) -> list[Stage]:
        """The way of the record; empty where its entity declares none."""
        return stages(self.entity, self.record, self.items)

    @cached_property
    def items(self) -> list[Item]:
        """Everything that the user may do with the record."""
        return items(self.entity, self.record, self.user, "page")

    @cached_property
    def notes(self) -> Sequence[Note]:
        """What is to know about the record now."""
        return self.entity.notes(self.record, self.user)

    @property
    def buttons(self) -> list[Item]:
        """What is done most: whatever has a key, possible now; verbs before new children."""
        keyed = [item for item in self.items if item.key and not item.reason]
        return sorted(keyed, key=lambda item: item.group == "child")[:BUTTONS]

    @cached_property
    def editable(self) -> frozenset[str]:
        """The fields that the user may change in place."""
        return frozenset(self.facts.catalogue.writable(self.record) if self.edit else ())

    @property
    def cell(self) -> str:
        """Where a field, whose path follows, is changed in place."""
        return self.entity.url("cell", self.record.pk)

    @property
    def why(self) -> str:
        """Where it is told why the user sees the record."""
        return self.entity.url("why", self.record.pk)

    @property
    def edit(self) -> Item | None:
        """The way to the form, if the user may change the record."""
        return next((item for item in self.items if item.group == "record"), None)
