"""Which column of an uploaded table fills which field."""

import re
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from crm.exchange.files.template import REQUIRED_MARK
from crm.exchange.models import Import, SavedMapping
from crm.exchange.resource import EntityResource
from crm.exchange.values import plain
from crm.kernel.errors import Refused

REMEMBERED = 30  # imports of one user that are looked at
MOST_SAVED = 50  # mappings of one user for one list
IN_BRACKETS = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]$")
# Fields that many entities have.
COMMON_ALIASES = {
    "remarks": ("备注说明", "说明", "notes", "note", "comments"),
    "owner": ("业务员", "销售", "销售员", "跟进人", "所有人", "sales", "salesperson"),
}


def reason_label() -> str:
    """The heading of the column that says in an error file why a row failed."""
    return _("Why it was not imported")


def guess(resource: EntityResource, header: Sequence[str]) -> dict[str, int]:
    """Field name → column index: as the user mapped this set of headings before, else heading by heading.

    A heading is known from the user's last imports, as a label or name in any language, or as an alias;
    an alias gives way to a heading that says it better.
    """
    keys = [_key(label) for label in header]
    past = _past(resource)
    for headings, mapping in past:
        if set(headings) == set(keys):
            return _placed([{headings[index]: name for name, index in mapping.items()}], keys, resource)
    remembered = {headings[at]: name for headings, mapping in reversed(past) for name, at in mapping.items()}
    return _placed([_by_label(resource) | remembered, _by_alias(resource)], keys, resource)


def chosen(resource: EntityResource, header: Sequence[str], fields: Sequence[str]) -> dict[str, int]:
    """The mapping that names a field, or nothing, for each column; of two columns for one field the first counts."""
    mapping: dict[str, int] = {}
    for index, name in enumerate(fields[: len(header)]):
        if name in resource.importable:
            mapping.setdefault(name, index)
    return mapping


def missing(resource: EntityResource, mapping: Mapping[str, int]) -> list[str]:
    """The labels of required fields to which no column is mapped."""
    return [column.label for column in resource.required if column.name not in mapping]


def saved_for(resource: EntityResource) -> list[SavedMapping]:
    """The mappings that the user has given names."""
    return list(SavedMapping.objects.filter(by=resource.user, entity=resource.entity.key).order_by("name")[:MOST_SAVED])


def save(resource: EntityResource, batch: Import, name: str) -> None:
    """Keep the mapping of an upload under a name; one of that name is replaced. Refused without a name."""
    name = " ".join(name.replace("\x00", "").split())[:40]
    if not name:
        raise Refused(_("Give the mapping a name."))
    fields = {index: field for field, index in batch.mapping.items()}
    SavedMapping.objects.update_or_create(
        by=resource.user,
        entity=resource.entity.key,
        name=name,
        defaults={"fields": {_key(label): fields.get(index, "") for index, label in enumerate(batch.header)}},
    )


def use(resource: EntityResource, saved: SavedMapping, header: Sequence[str]) -> dict[str, int]:
    """The columns of a table by a saved mapping; headings that it does not know are guessed."""
    keys = [_key(label) for label in header]
    known = {key: name for key, name in guess_names(resource, header).items() if key not in saved.fields}
    return _placed([saved.fields, known], keys, resource)


def guess_names(resource: EntityResource, header: Sequence[str]) -> dict[str, str]:
    """Heading, as headings are compared → field name, as `guess` takes them."""
    return {_key(header[index]): name for name, index in guess(resource, header).items()}


def _placed(sources: Sequence[Mapping[str, str]], keys: Sequence[str], resource: EntityResource) -> dict[str, int]:
    """Each field to the first column whose heading means it, the surest source first."""
    mapping: dict[str, int] = {}
    for known in sources:
        for index, key in enumerate(keys):
            name = known.get(key)
            if name in resource.importable and name not in mapping and index not in mapping.values():
                mapping[name] = index
    return mapping


def _by_alias(resource: EntityResource) -> dict[str, str]:
    aliases = {**COMMON_ALIASES, **resource.exchange.aliases}
    return {_key(alias): name for name, some in aliases.items() for alias in some}


def _by_label(resource: EntityResource) -> dict[str, str]:
    known = {_key(name): name for name in resource.importable}
    for language, _name in settings.LANGUAGES:
        with override(language):
            known |= {_key(column.label): name for name, column in resource.importable.items()}
    for language, _name in settings.LANGUAGES:
        with override(language):
            known.pop(_key(reason_label()), None)
    return known


def _past(resource: EntityResource) -> list[tuple[list[str], dict[str, int]]]:
    """Headings and mapping of the user's last imports of this entity, the latest first."""
    last = Import.objects.filter(by=resource.user, entity=resource.entity.key, job__isnull=False).order_by("-pk")
    found = last.values_list("header", "mapping")[:REMEMBERED]
    return [([_key(label) for label in header], mapping) for header, mapping in found]


def _key(label: str) -> str:
    """A heading as headings are compared: without a mark, and without what stands behind it in brackets."""
    text = label.strip().removesuffix(REQUIRED_MARK.strip()).strip()
    return plain(IN_BRACKETS.sub("", text) or text)
