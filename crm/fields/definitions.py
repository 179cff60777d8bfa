"""The definitions of custom fields, kept per process until the organisation's stamp changes."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from django.utils.functional import Promise, lazystr
from django.utils.translation import get_language

from crm.fields.models import PREFIX, CustomField
from crm.org.access import current_stamp


@dataclass(frozen=True)
class Definition:
    """A custom field as everything but its admin page reads it; see `CustomField`."""

    pk: int
    entity: str
    kind: str
    label: str
    label_en: str
    help_text: str
    help_text_en: str
    target: str
    required: bool
    unique: bool
    default: str
    minimum: Decimal | None
    maximum: Decimal | None
    decimals: int
    min_length: int | None
    max_length: int | None
    pattern: str
    section: int
    position: int
    listed: bool
    filterable: bool
    searchable: bool
    active: bool

    @property
    def name(self) -> str:
        """The field's name, `cf_<id>`."""
        return f"{PREFIX}{self.pk}"

    @property
    def text(self) -> str | Promise:
        """The label in the reader's language."""
        return bilingual(self.label, self.label_en)

    @property
    def help(self) -> str | Promise:
        """The help text in the reader's language."""
        return bilingual(self.help_text, self.help_text_en)


@dataclass(frozen=True)
class Definitions:
    """All custom fields at one stamp."""

    by_name: Mapping[str, Definition]
    # The active ones of each entity (by its model's key), in the order of the form.
    by_entity: Mapping[str, tuple[Definition, ...]]

    def of(self, key: str) -> tuple[Definition, ...]:
        """The active custom fields of an entity."""
        return self.by_entity.get(key, ())


_kept: tuple[int, Definitions] | None = None


def definitions(stamp: int | None = None) -> Definitions:
    """The definitions as of now; a caller that knows the stamp (`user.org_stamp`) saves a query."""
    global _kept
    stamp = current_stamp() if stamp is None else stamp
    if _kept is None or _kept[0] != stamp:
        _kept = (stamp, _load())
    return _kept[1]


def definition(name: str) -> Definition | None:
    """The definition of this name, active or retired; asked for without a stamp, since names and kinds stay."""
    number = name.removeprefix(PREFIX)
    if number == name or not number.isascii() or not number.isdigit():
        return None
    found = _kept[1].by_name.get(name) if _kept else None
    return found or definitions().by_name.get(name)


def bilingual(chinese: str, english: str) -> str | Promise:
    """A text that somebody wrote in one or two languages, in the reader's."""
    return lazystr(_InLanguage(chinese, english)) if english else chinese


def of_row(row: CustomField) -> Definition:
    """The definition that a row of the table is, or would be once it is saved."""
    return Definition(**{field.name: getattr(row, field.name) for field in fields(Definition)})


def _load() -> Definitions:
    columns = [field.name for field in fields(Definition)]
    rows = CustomField.objects.order_by("entity", "section", "position", "pk").values_list(*columns)
    every = [Definition(*row) for row in rows]
    active: dict[str, list[Definition]] = defaultdict(list)
    for each in every:
        if each.active:
            active[each.entity].append(each)
    return Definitions({each.name: each for each in every}, {key: tuple(found) for key, found in active.items()})


@dataclass(frozen=True)
class _InLanguage:
    """A text that somebody wrote in both languages."""

    chinese: str
    english: str

    def __str__(self) -> str:
        return self.english if (get_language() or "").startswith("en") else self.chinese
