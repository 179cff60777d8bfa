"""The declaration of a list module: one class per entity, from which everything else follows.

    @register
    class ContactEntity(Entity):
        model = Contact
        menu, icon = "customers", "id-card"
        columns = ("name", "customer", "mobile")
        filters = ("customer",)
        sections = (Section(_("Basics"), "customer", "name", "mobile"),)
        tabs = (Tab(via="customer", columns=("name", "mobile"), weight=10),)
        exchange = Exchange(key=("customer", "name"), fields=("customer", "name", "mobile"))

Every name is checked at start-up (`crm.entity.checks`). An entity holds no request state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crm.entity.columns import BoundColumn, Column, bind
from crm.entity.duplicates import DuplicateCheck
from crm.flow.action import Action
from crm.kernel import registry
from crm.org.access import access_of
from crm.record.models import Record

if TYPE_CHECKING:
    from crm.entity.lines import Lines
    from crm.org.models import User
    from crm.record.query import RecordQuerySet

Text = str | Promise

RECORD_PERMISSIONS = ("view", "add", "change", "delete", "import", "export", "print", "reveal")


@dataclass(frozen=True)
class Section:
    """A headed group of fields, in the form and on the 360 page."""

    label: Text
    fields: tuple[str, ...]
    # Closed at first, for what is seldom needed.
    folded: bool = False
    # Side by side in the form, on a screen that is wide enough.
    columns: int = 2

    def __init__(self, label: Text, *fields: str, folded: bool = False, columns: int = 2) -> None:
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "folded", folded)
        object.__setattr__(self, "columns", columns)


@dataclass(frozen=True)
class Tab:
    """This entity's rows on the 360 page of the record that the foreign key `via` points to."""

    via: str
    columns: tuple[str, ...] = ()
    weight: int = 100
    order: tuple[str, ...] = ()
    # The letter that creates such a child for the focused row of the parent's list, such as "L".
    key: str = ""
    # What creating one is called, where "New …" says it badly.
    verb: Text = ""
    # Whether they are what was said and done, so that the timeline shows them as such and people can like them.
    follow_up: bool = False


@dataclass(frozen=True)
class Stat:
    """A ready-made statistic: rows counted by a field."""

    label: Text
    group: str


@dataclass(frozen=True)
class Note:
    """Something to know about a record now, with what explains it, as (what, sentence)."""

    text: Text
    reasons: Sequence[tuple[Text, Text]] = ()


@dataclass(frozen=True)
class Exchange:
    """What import and export read and write; `key` finds the existing record of an imported row.

    `key` is a list of alternatives, tried in order; each is a tuple of field names.
    """

    key: tuple[tuple[str, ...], ...]
    fields: tuple[str, ...]
    # Fields that only an export may hold (kept by the system, or changed by actions only).
    export_only: tuple[str, ...] = ()
    # Field → further headings under which tables of others hold it; width, case and spaces do not count.
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Entity:
    """The base of all declarations."""

    model: ClassVar[type[Record]]
    slug: ClassVar[str] = ""
    # Words for a second list over the same model; else the model's own.
    title: ClassVar[Text] = ""
    menu: ClassVar[str] = ""
    icon: ClassVar[str] = "list"
    weight: ClassVar[int] = 100
    # Other words by which the palette finds the list, and the letter that opens it after G.
    synonyms: ClassVar[Text] = ""
    go: ClassVar[str] = ""
    # Whether the model's 360 page belongs to this entity (False for a second list over a model).
    canonical: ClassVar[bool] = True
    # Permission that opens the list, and the part of the scope that it shows.
    view_perm: ClassVar[str] = "view"
    add_perm: ClassVar[str] = "add"
    part: ClassVar[str | None] = None
    columns: ClassVar[Sequence[str | Column]] = ()
    filters: ClassVar[Sequence[str]] = ()
    order: ClassVar[Sequence[str]] = ("-created_at",)
    sections: ClassVar[Sequence[Section]] = ()
    # Shown beside the name on the 360 page.
    figures: ClassVar[Sequence[str]] = ()
    # Shown in part only, to readers without the right, until somebody owns the record (or its parent).
    masked_until_owned: ClassVar[Sequence[str]] = ()
    # Asked for in the drawer; empty means the first section.
    quick: ClassVar[Sequence[str]] = ()
    tabs: ClassVar[Sequence[Tab]] = ()
    stats: ClassVar[Sequence[Stat]] = ()
    exchange: ClassVar[Exchange | None] = None
    actions: ClassVar[Sequence[Action]] = ()
    duplicate_check: ClassVar[DuplicateCheck | None] = None
    # What is edited line by line in the form.
    lines: ClassVar["Lines | None"] = None
    # Fields whose last value, as their user chose it, a new record begins with.
    remembered: ClassVar[Sequence[str]] = ()
    # States in the order in which a record walks through them; its page shows them as a bar.
    stages: ClassVar[Sequence[str]] = ()
    # A form class of its own, where a rule needs more than `check_rules` of the model.
    form: ClassVar[Any] = None

    # -- names ---------------------------------------------------------------------------------

    @cached_property
    def app(self) -> str:
        """The app's label, the first part of URL and key."""
        return self.model._meta.app_label

    @cached_property
    def name(self) -> str:
        """The second part of URL and key."""
        return self.slug or str(self.model._meta.model_name)

    @cached_property
    def key(self) -> str:
        """What the registry, saved rights and URLs call the entity: `customers.customer`."""
        return f"{self.app}.{self.name}"

    @property
    def label(self) -> str:
        """One record, in words: 客户."""
        return str(self.model._meta.verbose_name)

    @property
    def label_plural(self) -> str:
        """The list's heading."""
        return str(self.title or self.model._meta.verbose_name_plural)

    def url(self, page: str = "list", pk: Any = None) -> str:
        """The path of a page: "list", "new", "import", … or, with `pk`, "detail", "edit", "do/claim", …."""
        base = f"/{self.app}/{self.name}/"
        if pk is not None:
            base += f"{pk}/"
        return base if page in ("list", "detail") else f"{base}{page}/"

    # -- rights --------------------------------------------------------------------------------

    def can(self, user: "User", action: str) -> bool:
        """Whether the user's roles grant the action on this entity at all."""
        return access_of(user).can(self.model.key(), action)

    @property
    def permissions(self) -> list[tuple[str, Text]]:
        """(name, label) of every right that a role can grant on the entity."""
        return permission_labels(self)

    # -- rows ----------------------------------------------------------------------------------

    def queryset(self, user: "User", action: str = "view") -> "RecordQuerySet[Any]":
        """The records on which the user may do `action`."""
        return self.model.objects.visible_to(user, action)

    def list_queryset(self, user: "User", action: str = "view") -> "RecordQuerySet[Any]":
        """The records that this list shows to the user."""
        return self.model.objects.visible_to(user, action, part=self.part)

    def prepare(self, record: Any, user: "User") -> None:
        """Fill in what a new record of this list starts with; by default it belongs to its creator."""
        if record.owner_id is None:
            record.owner = user

    def give(self, record: Any, owner: "User") -> None:
        """Make somebody the owner of a record, as handing over does; written by the caller."""
        record.owner = owner

    def notes(self, record: Any, user: "User") -> Sequence[Note]:
        """What stands below the head of the record's 360 page; nothing by default. At most two queries."""
        return ()

    def notice(self, user: "User") -> str:
        """What the user has to know above this list; nothing by default. At most three queries."""
        return ""

    # -- derived -------------------------------------------------------------------------------

    @cached_property
    def bound_columns(self) -> list[BoundColumn]:
        """The list's columns with label, kind and sort key."""
        return [bind(self.model, column) for column in self.columns]

    @property
    def fields(self) -> list[str]:
        """All fields of the form, in order."""
        return [name for section in self.sections for name in section.fields]

    def action(self, name: str) -> Action | None:
        """The action of this name, or None."""
        return next((action for action in self.actions if action.name == name), None)

    def child_tabs(self) -> list[tuple["Entity", Tab]]:
        """The tabs that other entities put on this one's 360 page, lightest first."""
        found = [
            (child, tab)
            for child in registry.entities()
            for tab in child.tabs
            if child.model._meta.get_field(tab.via).related_model is self.model
        ]
        return sorted(found, key=lambda pair: (pair[1].weight, pair[0].key))


E = TypeVar("E", bound=type[Entity])


def register(declaration: E) -> E:
    """Class decorator: put the entity into the registry. Unknown attributes are an error, so a typo is not lost."""
    bases = declaration.__mro__[1:]
    known = {name for base in bases for name in (*vars(base), *getattr(base, "__annotations__", ()))}
    extra = [name for name, value in vars(declaration).items() if name not in known and not callable(value)]
    if extra:
        raise TypeError(f"{declaration.__name__} has unknown attributes: {', '.join(extra)}")
    registry.add(declaration())
    return declaration


def permission_labels(entity: Entity) -> list[tuple[str, Text]]:
    """See `Entity.permissions`."""
    from crm.entity.permissions import LABELS

    names = list(
        RECORD_PERMISSIONS if entity.exchange else [n for n in RECORD_PERMISSIONS if n not in ("import", "export")]
    )
    labels: dict[str, Text] = {name: LABELS[name] for name in names}
    if entity.view_perm not in labels:
        labels[entity.view_perm] = entity.label_plural
    if entity.add_perm not in labels:
        labels[entity.add_perm] = _("Create in “%(list)s”") % {"list": entity.label_plural}
    for action in entity.actions:
        labels.setdefault(action.perm, action.label)
    return list(labels.items())
