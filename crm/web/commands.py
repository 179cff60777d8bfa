"""What the palette does besides finding records: lists to open, records to create, settings."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from crm.entity.declare import Entity
from crm.kernel.text.pieces import search_text
from crm.kernel.text.query import parse
from crm.org.models import User
from crm.search.rank import Rank, rank
from crm.views.saved import all_visible_views
from crm.web.account import THEMES
from crm.web.menu import creatable, groups_for


@dataclass(frozen=True)
class Command:
    """One thing to do: a page to open, a form in the drawer, a dialog that is there, or fields to post."""

    label: str | Promise
    url: str = ""
    icon: str = ""
    opens: str = "link"  # or "drawer", "dialog", "post" at once, "form" with `field`, "help"
    # Other words by which it is found.
    words: str | Promise = ""
    field: tuple[str, str] = ("", "")
    key: str = ""
    # Shown beside the label: what it belongs to, or why it cannot be done now.
    note: str = ""
    reason: str = ""
    danger: bool = False


def commands(user: User) -> list[Command]:
    """Everything that the user may do from anywhere."""
    groups = groups_for(user)
    lists = [entity for group in groups for entity in group.entries]
    return [
        *(_open(entity) for entity in lists),
        *_views(lists, user),
        *(new(entity) for entity in creatable(groups, user)),
        *(importing(entity) for entity in lists if may_import(entity, user)),
        *_places(user),
        *_appearance(),
        Command(_("Sign out"), reverse("sign-out"), "logout", "form", words=_("log off, quit")),
    ]


def of_list(entity: Entity, user: User) -> list[Command]:
    """What may be done on a list."""
    return [
        *([new(entity)] if entity.can(user, entity.add_perm) else []),
        *([importing(entity)] if may_import(entity, user) else []),
        Command(_("Statistics"), entity.url("statistics"), "list", "drawer"),
    ]


def new(entity: Entity) -> Command:
    """Create a record."""
    label = _("New %(entity)s") % {"entity": entity.label}
    return Command(label, entity.url("new"), "plus", "drawer", words=f"{entity.label} {entity.synonyms}")


def importing(entity: Entity) -> Command:
    """Import into a list."""
    label = _("Import %(list)s") % {"list": entity.label_plural}
    return Command(label, entity.url("import"), "file-import", words=f"{entity.label_plural} {entity.synonyms}")


def may_import(entity: Entity, user: User) -> bool:
    """Whether the user may import into the list."""
    return entity.exchange is not None and entity.can(user, "import")


def answering(found: list[Command], query: str) -> list[tuple[Rank, Command]]:
    """The commands that answer a query, best first; all of them where nothing was typed."""
    phrases = parse(query)
    ranked = []
    for command in found:
        text = search_text([str(command.label), str(command.words)])
        met = rank(text, "", query, phrases)
        if met:
            ranked.append((met, command))
    return sorted(ranked, key=lambda pair: pair[0])


def _open(entity: Entity) -> Command:
    label = _("Open %(list)s") % {"list": entity.label_plural}
    return Command(label, entity.url("list"), entity.icon, words=f"{entity.label_plural} {entity.synonyms}")


def _views(lists: list[Entity], user: User) -> Iterator[Command]:
    """The saved views of these lists."""
    entities = {entity.key: entity for entity in lists}
    for view in all_visible_views(user).filter(entity__in=entities):
        entity = entities[view.entity]
        yield Command(view.name, f"{entity.url('list')}?view={view.pk}", entity.icon, note=entity.label_plural)


def _places(user: User) -> Iterator[Command]:
    messages = reverse("messages")
    yield Command(_("Messages"), messages, "bell", words=_("notices, reminders"))
    yield Command(_("Imports and exports"), f"{messages}?tab=jobs", "refresh", words=_("jobs, progress"))
    yield Command(_("Settings"), reverse("account"), "settings", words=_("password, account, preferences"))
    yield Command(_("Keyboard shortcuts"), icon="help", opens="help", words=_("keys, help"))
    if user.is_staff:
        yield Command(_("Administration"), reverse("admin:index"), "shield", words=_("users, roles, departments"))
        yield Command(_("Recycle bin"), reverse("recycle-bin"), "trash", words=_("deleted, restore"))


def _appearance() -> Iterator[Command]:
    address = reverse("preference")
    for value, name in THEMES:
        label = _("Appearance: %(name)s") % {"name": name}
        icon, words = THEME_LOOKS[value]
        yield Command(label, address, icon, "form", words=words, field=("theme", value))
    for code, _name in settings.LANGUAGES:
        known = get_language_info(code)
        label = _("Language: %(name)s") % {"name": known["name_local"]}
        # By its own name and the English one, whatever language the reader is stuck in.
        names = f"{known['name_local']} {known['name']}"
        yield Command(label, address, "language", "form", words=names, field=("language", code))


# Icon and other words of each appearance.
THEME_LOOKS = {
    "auto": ("device-desktop", gettext_lazy("theme")),
    "light": ("sun", gettext_lazy("light theme, day")),
    "dark": ("moon", gettext_lazy("dark theme, night")),
}
