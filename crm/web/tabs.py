"""The tabs of a record's page: what refers to it, its files, its history. One is shown, the others wait."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from crm.entity.declare import Entity
from crm.org.models import User
from crm.web.attachments import AttachmentsTab
from crm.web.children import ChildTab
from crm.web.counts import MOST, counts
from crm.web.doors import find_entity, find_record, signed_in
from crm.web.history import ChangesTab, OwnersTab
from crm.web.timeline import TimelineTab


class Content(Protocol):
    """One tab: rows to count (None for what is not counted), and a template that shows them as `tab`."""

    name: str
    template: str

    @property
    def label(self) -> str | Promise: ...

    @property
    def rows(self) -> QuerySet[Any] | None: ...


@require_safe
def tab(request: HttpRequest, app: str, name: str, pk: int, tab: str) -> HttpResponse:
    """The tabs of a record with this one open."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    shown = Tabs(entity, find_record(entity, user, pk), user, tab, request.GET)
    if shown.current.name != tab:
        raise Http404
    if tab == TimelineTab.name and "more" in request.GET:
        return render(request, "timeline/items.html", {"tab": shown.current})
    return show(request, shown)


def show(request: HttpRequest, shown: "Tabs", **context: Any) -> HttpResponse:
    """The tabs as a piece of the page."""
    status = context.pop("status", 200)
    return render(request, "record/tabs.html", {"tabs": shown, "tab": shown.current, **context}, status=status)


@dataclass(frozen=True)
class Head:
    """The handle of a tab."""

    label: str | Promise
    count: str
    url: str
    link: str
    current: bool


class Tabs:
    """All tabs of a record for one user; `wanted` is open, or the first one. `params` say which part of it."""

    def __init__(
        self, entity: Entity, record: Any, user: User, wanted: str = "", params: "Mapping[str, str] | None" = None
    ) -> None:
        self.entity, self.record, self.user, self.wanted = entity, record, user, wanted
        self.params = params or {}
        before = self.params.get("before", "")
        self.before = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None

    @cached_property
    def contents(self) -> Sequence[Content]:
        """The tabs that the user may open, in their order."""
        args = (self.entity, self.record, self.user)
        found = [pair for pair in self.entity.child_tabs() if pair[0].can(self.user, pair[0].view_perm)]
        names = Counter(child.name for child, _tab in found)
        children = [
            ChildTab(*args, child, tab, child.name if names[child.name] == 1 else f"{child.key}.{tab.via}")
            for child, tab in found
        ]
        # What follows a parent is never handed over on its own.
        owners = [] if self.entity.model.parent_field else [OwnersTab(*args, before=self.before)]
        timeline = TimelineTab(*args, self.params.get("kind", ""), self.params.get("after", ""))
        return [timeline, *children, AttachmentsTab(*args), *owners, ChangesTab(*args, before=self.before)]

    @cached_property
    def current(self) -> Content:
        """The open tab."""
        return next((content for content in self.contents if content.name == self.wanted), self.contents[0])

    @cached_property
    def heads(self) -> list[Head]:
        """The handles with their counts."""
        counted = {content.name: rows for content in self.contents if (rows := content.rows) is not None}
        numbers = dict(zip(counted, counts(list(counted.values())), strict=True))
        return [self._head(content, numbers.get(content.name, 0)) for content in self.contents]

    def _head(self, content: Content, number: int) -> Head:
        detail = self.entity.url("detail", self.record.pk)
        return Head(
            label=content.label,
            count=f"{MOST}+" if number > MOST else str(number or ""),
            url=f"{detail}tab/{content.name}/",
            link=f"{detail}?tab={content.name}",
            current=content is self.current,
        )
