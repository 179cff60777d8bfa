"""A look at a record without leaving the list: its facts and the latest of what refers to it, in the drawer."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from crm.entity.catalogue import catalogue
from crm.entity.cells import Cell, cell
from crm.entity.declare import Entity, Tab
from crm.entity.panels import Panel
from crm.org.models import User
from crm.web.doors import find_entity, find_record, signed_in
from crm.web.htmx import is_fragment
from crm.web.record import RecordPage

# How many kinds of children are shown, and how many of each.
KINDS, LATEST = 3, 3


@require_safe
def peek(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """The panel for htmx, else a page with the same content."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    shown = Peek(entity, find_record(entity, user, pk), user)
    template = "peek/drawer.html" if is_fragment(request) else "peek/page.html"
    return render(request, template, {"peek": shown, "page": shown.page})


@dataclass(frozen=True)
class Child:
    """One child: its page and its first facts."""

    url: str
    cells: list[Cell]


@dataclass(frozen=True)
class Latest:
    """The latest children of one kind."""

    label: str | Promise
    children: list[Child]


class Peek:
    """What the panel shows of a record to one user."""

    def __init__(self, entity: Entity, record: Any, user: User) -> None:
        self.entity, self.record, self.user = entity, record, user
        self.page = RecordPage(entity, record, user)

    @property
    def url(self) -> str:
        """The record's own page."""
        return self.entity.url("detail", self.record.pk)

    @property
    def panels(self) -> list[Panel]:
        """The sections that stand open, without facts that say nothing."""
        open_ones = [panel for panel in self.page.facts.panels if not panel.folded]
        told = [Panel(one.label, [f for f in one.facts if not f.cell.empty], False) for one in open_ones]
        return [panel for panel in told if panel.facts]

    @cached_property
    def latest(self) -> list[Latest]:
        """The kinds of children that have any; what is written most comes first."""
        tabs = [pair for pair in self.entity.child_tabs() if pair[0].can(self.user, pair[0].view_perm)]
        tabs.sort(key=lambda pair: not pair[1].key)
        found = [self._latest(child, tab) for child, tab in tabs[:KINDS]]
        return [one for one in found if one.children]

    def _latest(self, child: Entity, tab: Tab) -> Latest:
        declared = tab.columns or tuple(column.path for column in child.bound_columns if column.path != tab.via)
        # A bare yes or no says nothing without its heading.
        columns = [column for column in catalogue(child, self.user).choose(declared) if column.kind != "bool"]
        relations = sorted({column.relation for column in columns if column.relation})
        rows = child.list_queryset(self.user).filter(**{tab.via: self.record}).defer("search")
        rows = rows.select_related(*relations) if relations else rows
        newest = rows.order_by(*(tab.order or (*child.order, "pk")))[:LATEST]
        children = [
            Child(child.url("detail", row.pk), [cell(column, row, self.page.names) for column in columns])
            for row in newest
        ]
        return Latest(child.model._meta.verbose_name_plural or child.label_plural, children)
