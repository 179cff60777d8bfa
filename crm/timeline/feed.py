"""Everything that happened to a record, newest first: changes, actions, files, new children, comments.

Nothing is stored for it: one UNION over the tables that hold the facts finds a page of it by
keyset, and what the page shows is then fetched kind by kind. The number of queries depends
neither on the number of lines nor on the number of kinds of children.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Left
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.entity.catalogue import catalogue
from crm.entity.declare import Entity, Tab
from crm.entity.history import Entry, entries
from crm.org.models import User
from crm.record.attachments import HISTORY_FIELD, attachments_of
from crm.record.history import changes_of
from crm.record.names import Names
from crm.timeline.models import Comment, Like
from crm.timeline.text import body

SHOWN = 20
LONGEST = 300  # characters of a child that a line shows
CHANGES, COMMENTS, CHILDREN = 0, 1, 2  # a child's rank is CHILDREN plus its place among the tabs

CHILD_KINDS = ("follow_up", "document")
KINDS: dict[str, str | Promise] = {
    "": _("All"),
    "follow_up": _("Follow-ups"),
    "document": _("Documents"),
    "comment": _("Comments"),
    "system": _("System"),
}


@dataclass(frozen=True)
class Mark:
    """A place in the stream: what follows it is older."""

    at: datetime
    rank: int
    pk: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.rank}~{self.pk}"

    @classmethod
    def read(cls, text: str) -> "Mark | None":
        """The place that a text names; None if it names none."""
        try:
            at, rank, pk = text.split("~")
            mark = cls(datetime.fromisoformat(at), int(rank), int(pk))
        except ValueError:
            return None
        return mark if mark.at.tzinfo and abs(mark.rank) < 10_000 and abs(mark.pk) < 2**62 else None


@dataclass
class Likes:
    """How many like something, and whether the reader does."""

    kind: str  # a model's label
    pk: int
    count: int = 0
    mine: bool = False

    @property
    def address(self) -> str:
        """The end of the address at which it is liked."""
        return f"{self.pk}/like/" if self.kind == Comment._meta.label_lower else f"{self.kind}/{self.pk}/"


@dataclass
class Said:
    """A comment or reply as its reader sees it."""

    pk: int
    at: datetime
    by: str
    html: SafeString
    own: bool
    deleted: bool
    likes: Likes
    replies: list["Said"] = field(default_factory=list)


@dataclass
class Item:
    """One line of the timeline; what it is about stands in one of the last four."""

    at: datetime
    by: str
    icon: str
    entry: Entry | None = None
    files: dict[str, str] = field(default_factory=dict)  # file name → address
    comment: Said | None = None
    child: Entity | None = None
    title: str = ""
    url: str = ""
    likes: Likes | None = None


class Feed:
    """A page of a record's timeline for one reader; `kind` is one of `KINDS`, `after` where the page begins."""

    def __init__(
        self, entity: Entity, record: Any, user: User, names: Names, *, kind: str = "", after: Mark | None = None
    ) -> None:
        self.entity, self.record, self.user, self.names = entity, record, user, names
        self.kind = kind if kind in KINDS else ""
        self.after = after

    @cached_property
    def items(self) -> list[Item]:
        """The lines of this page, newest first."""
        found = self._found[:SHOWN]
        changes = self._changes([row.pk for row in found if row.rank == CHANGES])
        comments = {said.pk: said for said in self.said([row.pk for row in found if row.rank == COMMENTS])}
        items = [self._item(row, changes, comments) for row in found]
        self._count_likes([item.likes for item in items if item.likes])
        return items

    @property
    def older(self) -> Mark | None:
        """Where the next page begins; None after the oldest line."""
        if len(self._found) <= SHOWN:
            return None
        last = self._found[SHOWN - 1]
        return Mark(last.at, last.rank, last.pk)

    @property
    def kinds(self) -> list[tuple[str, str | Promise]]:
        """(kind, label) of what can be chosen; kinds of children only where there are tabs of them."""
        there = {_kind_of(tab) for _child, tab in self._children}
        return [(kind, label) for kind, label in KINDS.items() if kind in there or kind not in CHILD_KINDS]

    def said(self, pks: Sequence[int]) -> list[Said]:
        """Comments with their replies and likes, in the order of their ids."""
        shown = Comment.objects.filter(Q(pk__in=pks) | Q(parent__in=pks)).order_by("pk")
        rows = list(shown.annotate(called=ArrayAgg("mentions__user", default=Value([])))) if pks else []
        said = {row.pk: self._said(row) for row in rows}
        for row in rows:
            if row.parent_id in said and row.deleted_at is None:
                said[row.parent_id].replies.append(said[row.pk])
        self._count_likes([one.likes for one in said.values()])
        return [said[row.pk] for row in rows if row.parent_id is None or row.parent_id not in said]

    # -- what stands on the page -----------------------------------------------------------------

    @cached_property
    def _children(self) -> list[tuple[Entity, Tab]]:
        return [pair for pair in self.entity.child_tabs() if pair[0].can(self.user, pair[0].view_perm)]

    @cached_property
    def _found(self) -> "list[Row]":
        """The page's rows and one more, from all tables at once."""
        parts = [self._part(rank, rows, *facts) for rank, (rows, *facts) in self._sources()]
        if not parts:
            return []
        union = parts[0]
        if len(parts) > 1:
            everything = parts[0].union(*parts[1:], all=True)
            union = everything.order_by("-line_at", "-line_rank", "-line_pk")[: SHOWN + 1]
        return [Row(*values) for values in union]

    def _sources(self) -> "Iterator[tuple[int, tuple[QuerySet[Any], str, str]]]":
        """(rank, (rows, when, title)) of every table of this kind."""
        if self.kind in ("", "system"):
            yield CHANGES, (changes_of(self.record), "at", "")
        if self.kind in ("", "comment"):
            content_type = ContentType.objects.get_for_model(type(self.record))
            comments = Comment.objects.filter(content_type=content_type, object_id=self.record.pk, parent=None)
            # A deleted comment keeps its place for as long as somebody's answer stands below it.
            answered = Exists(Comment.objects.filter(parent=OuterRef("pk"), deleted_at=None))
            yield COMMENTS, (comments.filter(Q(deleted_at=None) | answered), "at", "")
        for place, (child, tab) in enumerate(self._children):
            if self.kind in ("", _kind_of(tab)):
                rows = child.list_queryset(self.user).filter(**{tab.via: self.record})
                name = catalogue(child, self.user).get(child.model.name_field)
                yield CHILDREN + place, (rows, "created_at", name.path if name and not name.mask else "")

    def _part(self, rank: int, rows: QuerySet[Any], when: str, title: str) -> QuerySet[Any]:
        by = "created_by_id" if when == "created_at" else "by_id"
        part: QuerySet[Any] = rows.filter(self._later_than(rank, when)).annotate(
            line_rank=Value(rank, IntegerField()),
            line_pk=F("pk"),
            line_at=F(when),
            line_by=F(by),
            line_text=Left(Cast(title, TextField()), LONGEST) if title else Value("", TextField()),
        )
        names = ("line_rank", "line_pk", "line_at", "line_by", "line_text")
        return part.order_by(f"-{when}", "-pk").values_list(*names)[: SHOWN + 1]

    def _later_than(self, rank: int, when: str) -> Q:
        """The condition for what comes after the mark: older, or as old and further down."""
        mark = self.after
        if mark is None:
            return Q()
        if rank != mark.rank:
            return Q(**{f"{when}__lte" if rank < mark.rank else f"{when}__lt": mark.at})
        return Q(**{f"{when}__lt": mark.at}) | Q(**{when: mark.at}, pk__lt=mark.pk)

    def _changes(self, pks: Sequence[int]) -> dict[int, tuple[Entry, dict[str, str]]]:
        """The lines of the history, each with the files that it is about and that are still there."""
        if not pks:
            return {}
        rows = list(changes_of(self.record).filter(pk__in=pks))
        named = {name for row in rows for name in row.fields.get(HISTORY_FIELD, ()) if name}
        files = attachments_of(self.record).filter(name__in=named) if named else ()
        urls = {file.name: self.entity.url(f"attachments/{file.pk}", self.record.pk) for file in files}
        told = entries(self.entity, self.record, rows, self.user, self.names)
        return {entry.pk: (entry, _only(urls, row.fields)) for entry, row in zip(told, rows, strict=True)}

    def _item(self, row: "Row", changes: Any, comments: dict[int, Said]) -> Item:
        by = self.names.users.get(row.by or 0, "")
        if row.rank == CHANGES:
            entry, files = changes[row.pk]
            return Item(row.at, by, "paperclip" if files else "history", entry=entry, files=files)
        if row.rank == COMMENTS:
            return Item(row.at, by, "message-dots", comment=comments[row.pk])
        child, tab = self._children[row.rank - CHILDREN]
        likes = Likes(child.model.key(), row.pk) if tab.follow_up else None
        return Item(row.at, by, child.icon, child=child, title=row.text, url=child.url("detail", row.pk), likes=likes)

    def _said(self, comment: Any) -> Said:
        people = [self.names.users.get(pk, "") for pk in comment.called if pk]
        gone = comment.deleted_at is not None
        return Said(
            pk=comment.pk,
            at=comment.at,
            by=self.names.users.get(comment.by_id, ""),
            html=body("" if gone else comment.text, [name for name in people if name]),
            own=comment.by_id == self.user.pk,
            deleted=gone,
            likes=Likes(Comment._meta.label_lower, comment.pk),
        )

    def _count_likes(self, wanted: Sequence[Likes]) -> None:
        """Fill in the counts of all of them by one query."""
        by_kind: dict[int, dict[int, Likes]] = defaultdict(dict)
        for likes in wanted:
            by_kind[ContentType.objects.get_by_natural_key(*likes.kind.split(".")).pk][likes.pk] = likes
        if not by_kind:
            return
        asked = Q()
        for content_type, some in by_kind.items():
            asked |= Q(content_type=content_type, object_id__in=some)
        mine = Count("pk", filter=Q(user=self.user))
        found = Like.objects.filter(asked).values_list("content_type", "object_id").annotate(Count("pk"), mine=mine)
        for content_type, pk, count, own in found:
            by_kind[content_type][pk].count, by_kind[content_type][pk].mine = count, bool(own)


class Row(NamedTuple):
    """A line of the union: which table, which row of it, when, by whom, and its text."""

    rank: int
    pk: int
    at: datetime
    by: int | None
    text: str


def _kind_of(tab: Tab) -> str:
    return "follow_up" if tab.follow_up else "document"


def _only(urls: dict[str, str], fields: dict[str, Any]) -> dict[str, str]:
    return {name: urls[name] for name in fields.get(HISTORY_FIELD, ()) if name in urls}
