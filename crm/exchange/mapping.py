"""Which column of an uploaded table fills which field."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from crm.exchange.files.template import REQUIRED_MARK
from crm.exchange.models import Import
from crm.exchange.resource import EntityResource
from crm.exchange.values import plain

REMEMBERED = 10


def reason_label() -> str:
    """The heading of the column that says in an error file why a row failed."""
    return _("Why it was not imported")


def guess(resource: EntityResource, header: Sequence[str]) -> dict[str, int]:
    """Field name → column index: as the user mapped such headings before, else by label or name in any language."""
    known = _by_label(resource) | _remembered(resource)
    mapping: dict[str, int] = {}
    for index, label in enumerate(header):
        name = known.get(_key(label))
        if name:
            mapping.setdefault(name, index)
    return mapping


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


def _by_label(resource: EntityResource) -> dict[str, str]:
    known = {_key(name): name for name in resource.importable}
    for language, _name in settings.LANGUAGES:
        with override(language):
            known |= {_key(column.label): name for name, column in resource.importable.items()}
    for language, _name in settings.LANGUAGES:
        with override(language):
            known.pop(_key(reason_label()), None)
    return known


def _remembered(resource: EntityResource) -> dict[str, str]:
    """What the user's last imports of this entity did with each heading, the latest counting most."""
    last = Import.objects.filter(by=resource.user, entity=resource.entity.key, job__isnull=False).order_by("-pk")
    known: dict[str, str] = {}
    for header, mapping in reversed(last.values_list("header", "mapping")[:REMEMBERED]):
        known |= {_key(header[index]): name for name, index in mapping.items() if name in resource.importable}
    return known


def _key(label: str) -> str:
    return plain(label.removesuffix(REQUIRED_MARK))
