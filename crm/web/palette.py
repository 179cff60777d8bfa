"""The palette: records, people, and what can be done, from one box on every page; without scripts a page of its own.

The first sign of what is typed may narrow it: `>` to commands, `@` to people, `#` to numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from crm.entity.catalogue import catalogue
from crm.entity.declare import Entity
from crm.kernel import registry
from crm.kernel.errors import Denied
from crm.kernel.text.query import LONGEST_QUERY
from crm.org.models import User
from crm.record.names import names
from crm.search.excerpt import Excerpt, excerpt
from crm.search.find import MOST, Group, Hit, recent, search
from crm.search.rank import Match, Rank
from crm.web import commands, row_menu
from crm.web.commands import Command
from crm.web.doors import find_entity, find_record, signed_in
from crm.web.htmx import is_fragment, page_of

PREFIXES = {">": ">", "＞": ">", "》": ">", "@": "@", "＠": "@", "#": "#", "＃": "#"}
RECENT = 5
MOST_COMMANDS = 5  # among other answers


@dataclass(frozen=True)
class Option:
    """One line to choose."""

    id: str
    title: Excerpt
    command: Command
    notes: tuple[str, ...] = ()
    # The record whose actions Tab lists: `customers.customer:12`.
    of: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with its lines; `more` is a label and an address where there are more."""

    label: str
    options: tuple[Option, ...]
    more: tuple[str, str] = ("", "")
    best: Rank = (Match.NUMBER, 0)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What answers `q`: the lines alone for the palette, else the whole page."""
    user = signed_in(request.user)
    box = is_fragment(request)
    palette = Palette(user, request, page_of(request) if box else "/")
    sections = _numbered(palette.sections())
    count = sum(len(section.options) for section in sections)
    context = {
        "palette": palette,
        "sections": sections,
        "said": ngettext("%(count)s result", "%(count)s results", count) % {"count": count},
        "box": box,
    }
    return render(request, "palette/results.html" if box else "palette/page.html", context)


class Palette:
    """What was asked, by whom and where."""

    def __init__(self, user: User, request: HttpRequest, path: str) -> None:
        self.user, self.path = user, path
        self.typed = request.GET.get("q", "").replace("\x00", "").strip()[: LONGEST_QUERY + 1]
        self.prefix = PREFIXES.get(self.typed[:1], "")
        self.words = self.typed[1:].strip() if self.prefix else self.typed
        self.of = _places([request.GET.get("of", "")])
        self.kept = _places(request.GET.get("recent", "").split(",")[:RECENT])

    def sections(self) -> list[Section]:
        """The answer, best section first; records before commands where both are as good."""
        if self.of:
            return _filled([self._actions(*self.of[0])])
        if self.prefix == ">":
            return _filled([self._commands(len(commands.commands(self.user)))])
        if self.prefix == "@":
            return _filled([self._people()])
        if self.prefix == "#":
            return [_records(group, self.words) for group in search(self.user, self.words, numbers=True)]
        if not self.words:
            return _filled([self._recent(), self._here()])
        found = [_records(group, self.words) for group in search(self.user, self.words)]
        return sorted(_filled([*found, self._commands(MOST_COMMANDS)]), key=lambda section: section.best)

    def _commands(self, most: int) -> Section:
        every = commands.commands(self.user)
        if not self.words:
            return Section(_("Commands"), tuple(map(_line, every)))
        found = commands.answering(every, self.words)[:most]
        best = found[0][0] if found else (Match.PHONE, 1)
        return Section(_("Commands"), tuple(_line(command, self.words) for _rank, command in found), best=best)

    def _people(self) -> Section:
        known = names(getattr(self.user, "org_stamp", None))
        entity = _owned_by_people(self.user)
        if entity is None:
            return Section(_("People"), ())
        ids = [pk for pk, _name in known.find_users(self.words, MOST)]
        found = User.objects.in_bulk(ids)
        lines = (_person(found[pk], known.departments.get(found[pk].department_id or 0, ""), entity) for pk in ids)
        return Section(_("People"), tuple(lines))

    def _recent(self) -> Section:
        return Section(_("Recent"), tuple(_hit(hit, hit.entity.label) for hit in recent(self.user, self.kept)))

    def _here(self) -> Section:
        """What can be done on the page behind."""
        return Section(_("On this page"), tuple(map(_line, self._of_page())))

    def _of_page(self) -> list[Command]:
        try:
            given = resolve(urlsplit(self.path).path).kwargs
            if {"app", "name"} <= set(given):
                entity = find_entity(self.user, given["app"], given["name"])
                return self._of_record(entity, given["pk"]) if "pk" in given else commands.of_list(entity, self.user)
        except (Resolver404, Http404, Denied):
            return []
        return []

    def _actions(self, key: str, pk: int) -> Section:
        """What can be done with a record, narrowed by the words."""
        entity: Entity | None = registry.find(key)
        if entity is None:
            raise Http404
        entity = find_entity(self.user, entity.app, entity.name)
        found = self._of_record(entity, pk, opened=True)
        if self.words:
            found = [command for _rank, command in commands.answering(found, self.words)]
        return Section(_("Actions"), tuple(_line(command, self.words) for command in found))

    def _of_record(self, entity: Entity, pk: int, *, opened: bool = False) -> list[Command]:
        record = find_record(entity, self.user, pk)
        first = [row_menu.opened(entity, record)] if opened else []
        items = row_menu.items(entity, record, self.user, "row" if opened else "page")
        return [_of_item(item) for item in (*first, *items)]


def _places(texts: list[str]) -> list[tuple[str, int]]:
    """(key of an entity, id) of each `customers.customer:12`; what is none is left out."""
    pairs = (text.rpartition(":") for text in texts)
    return [(key, int(pk)) for key, _colon, pk in pairs if key and pk.isascii() and pk.isdigit() and len(pk) < 19]


def _records(group: Group, words: str) -> Section:
    label = group.entity.label_plural
    address = f"{group.entity.url('list')}?{urlencode({'q': words})}"
    more = (_("Search in “%(list)s”") % {"list": label}, address) if group.more else ("", "")
    model = group.entity.model._meta.verbose_name_plural
    return Section(str(model), tuple(map(_hit, group.hits)), more, group.best)


def _hit(hit: Hit, kind: str = "") -> Option:
    notes = (kind, *hit.notes) if kind else tuple(hit.notes)
    command = Command(str(hit.title), hit.url, hit.entity.icon)
    return Option("", hit.title, command, notes, f"{hit.entity.key}:{hit.record.pk}")


def _line(command: Command, words: str = "") -> Option:
    note = command.reason or command.note
    return Option("", excerpt(str(command.label), words), command, (note,) if note else ())


def _person(user: User, department: str, entity: Entity) -> Option:
    notes = (department, user.position, user.mobile, user.email)
    command = Command(user.real_name, f"{entity.url('list')}?owner={user.pk}", "user")
    return Option("", excerpt(user.real_name, ""), command, tuple(note for note in notes if note))


def _owned_by_people(user: User) -> Entity | None:
    """The first list that the user may open and filter by owner: it shows what a person is in charge of."""
    lists = sorted(registry.entities(), key=lambda entity: entity.weight)
    open_ = (entity for entity in lists if entity.menu and entity.can(user, entity.view_perm))
    return next((entity for entity in open_ if "owner" in catalogue(entity, user).filters), None)


def _of_item(item: row_menu.Item) -> Command:
    return Command(item.label, item.url, item.icon, item.opens, key=item.key, reason=item.reason, danger=item.danger)


def _filled(sections: list[Section]) -> list[Section]:
    return [section for section in sections if section.options]


def _numbered(sections: list[Section]) -> list[Section]:
    """The sections with an id for each line, by which the box names the chosen one."""
    ids: Iterator[int] = iter(range(1, 1000))
    return [
        replace(each, options=tuple(replace(option, id=f"palette-{next(ids)}") for option in each.options))
        for each in sections
    ]
