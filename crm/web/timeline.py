"""The timeline of a record: the first tab of its page, with the box for comments."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.contrib.messages import success
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.entity.declare import Entity
from crm.org.models import User
from crm.record.names import names
from crm.timeline import comments, people
from crm.timeline.feed import Feed, Item, Likes, Mark
from crm.timeline.models import LONGEST, Comment, Like
from crm.web.doors import find_entity, find_record, signed_in
from crm.web.htmx import is_fragment, toast


class TimelineTab:
    """What happened, newest first, of one kind or of all, from a place on."""

    name, template, rows = "timeline", "timeline/tab.html", None
    longest = LONGEST

    def __init__(self, entity: Entity, record: Any, user: User, kind: str = "", after: str = "") -> None:
        known = names(getattr(user, "org_stamp", None))
        self.entity, self.record = entity, record
        self.feed = Feed(entity, record, user, known, kind=kind, after=Mark.read(after))

    @property
    def label(self) -> str | Promise:
        """The tab's name."""
        return _("Timeline")

    @property
    def items(self) -> list[Item]:
        """The lines."""
        return self.feed.items

    @property
    def kinds(self) -> list[tuple[str, str | Promise, bool]]:
        """(query, label, whether it is shown) of the kinds to choose from."""
        return [(self._query(kind=kind), label, kind == self.feed.kind) for kind, label in self.feed.kinds]

    @cached_property
    def older(self) -> str:
        """The query that asks for the next page; empty after the oldest line."""
        return self._query(kind=self.feed.kind, after=str(self.feed.older)) if self.feed.older else ""

    @property
    def is_first_page(self) -> bool:
        """Whether it begins with the newest."""
        return self.feed.after is None

    @property
    def url(self) -> str:
        """The tab's own address."""
        return self.entity.url(f"tab/{self.name}", self.record.pk)

    @property
    def page(self) -> str:
        """The record's page with this tab open."""
        return f"{self.entity.url('detail', self.record.pk)}?tab={self.name}"

    @property
    def comments(self) -> str:
        """Where comments are sent to; a comment's own addresses lie below."""
        return self.entity.url("comments", self.record.pk)

    @property
    def things(self) -> str:
        """Below this lie the addresses at which what has a page of its own is liked."""
        return self.entity.url("likes", self.record.pk)

    def _query(self, **values: str) -> str:
        return urlencode({name: value for name, value in values.items() if value})


@require_POST
def post(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Write a comment or a reply; the answer is what it looks like."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    record = find_record(entity, user, pk)
    parent, chosen = _number(request.POST.get("parent", "")), _numbers(request.POST.getlist("mention"))
    made = comments.comment(record, request.POST.get("text", ""), user, parent=parent, chosen=chosen)
    tab = TimelineTab(entity, record, user)
    if not is_fragment(request):
        return redirect(tab.page)
    said = tab.feed.said([made.pk])[0]
    template = "timeline/said.html" if made.parent_id else "timeline/item.html"
    item = Item(made.at, said.by, "message-dots", comment=said)
    return toast(render(request, template, {"tab": tab, "item": item, "said": said}), _("Comment added"))


@require_POST
def remove(request: HttpRequest, app: str, name: str, pk: int, comment: int) -> HttpResponse:
    """Delete one's own comment; the answer takes its place on the page."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    record = find_record(entity, user, pk)
    found = _find(record, comment)
    comments.delete(found, user)
    tab = TimelineTab(entity, record, user)
    if not is_fragment(request):
        success(request, _("Comment deleted"))
        return redirect(tab.page)
    said = tab.feed.said([found.pk])
    if found.parent_id is None and said and said[0].replies:
        item = Item(found.at, said[0].by, "message-dots", comment=said[0])
        response = render(request, "timeline/item.html", {"tab": tab, "item": item, "said": said[0]})
    else:
        response = HttpResponse()
    return toast(response, _("Comment deleted"))


@require_POST
def like_comment(request: HttpRequest, app: str, name: str, pk: int, comment: int) -> HttpResponse:
    """Like a comment, or no longer."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    record = find_record(entity, user, pk)
    return _liked(request, TimelineTab(entity, record, user), _find(record, comment), user)


@require_POST
def like_child(request: HttpRequest, app: str, name: str, pk: int, child: str, child_pk: int) -> HttpResponse:
    """Like a record that stands in the timeline of another, or no longer."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    record = find_record(entity, user, pk)
    pair = next((p for p in entity.child_tabs() if p[0].model.key() == child and p[1].follow_up), None)
    if pair is None:
        raise Http404
    thing = find_record(pair[0], user, child_pk)
    return _liked(request, TimelineTab(entity, record, user), thing, user)


@require_safe
def suggest(request: HttpRequest, app: str, name: str, pk: int) -> JsonResponse:
    """People that a comment on the record may mention: {"results": [{"id", "name", "department"}]}."""
    user = signed_in(request.user)
    record = find_record(find_entity(user, app, name), user, pk)
    words = request.GET.get("q", "").replace("\x00", "").strip()[:50]
    found = people.suggestions(record, words, user)
    results = [{"id": one.pk, "name": str(one), "department": str(one.department or "")} for one in found]
    return JsonResponse({"results": results})


def _liked(request: HttpRequest, tab: TimelineTab, thing: Any, user: User) -> HttpResponse:
    comments.like(thing, user)
    if not is_fragment(request):
        return redirect(tab.page)
    rows = Like.objects.filter(content_type=ContentType.objects.get_for_model(type(thing)), object_id=thing.pk)
    found = rows.aggregate(count=Count("pk"), mine=Count("pk", filter=Q(user=user)))
    likes = Likes(type(thing)._meta.label_lower, thing.pk, found["count"], bool(found["mine"]))
    return render(request, "timeline/like.html", {"likes": likes, "url": request.path})


def _find(record: Any, pk: int) -> Comment:
    found = comments.find(record, pk)
    if found is None:
        raise Http404
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _numbers(texts: Sequence[str]) -> list[int]:
    return [number for text in texts if (number := _number(text)) is not None]


urlpatterns = [
    path("<int:pk>/comments/", post, name="comments"),
    path("<int:pk>/comments/people/", suggest, name="comment-people"),
    path("<int:pk>/comments/<int:comment>/delete/", remove, name="comment-delete"),
    path("<int:pk>/comments/<int:comment>/like/", like_comment, name="comment-like"),
    path("<int:pk>/likes/<str:child>/<int:child_pk>/", like_child, name="child-like"),
]
