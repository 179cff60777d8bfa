"""The template of an entity: the workbook to fill in, and its example row known again when it is uploaded."""

from collections.abc import Sequence
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from crm.exchange.files.read import Flaw, Value
from crm.exchange.files.template import TemplateColumn, write_template
from crm.exchange.mapping import guess
from crm.exchange.resource import Column, EntityResource
from crm.exchange.values import text_of


def write(resource: EntityResource, fields: Sequence[str], target: IO[bytes]) -> None:
    """Write the template for these fields and all that are required, in the active language."""
    chosen = set(fields) | {column.name for column in resource.required}
    columns = [_template_column(column) for column in resource.importable.values() if column.name in chosen]
    notes = (
        _("Enter one record per row, from row 2 on."),
        _("Row 2 is an example. It is not imported as long as you leave it as it is."),
        _("Columns with * are required. Do not rename the columns; their order does not matter."),
        _("When an existing record is updated, empty cells leave what is there."),
    )
    write_template(target, resource.entity.label_plural, columns, notes)


def is_example(resource: EntityResource, header: Sequence[str], cells: Sequence[Value]) -> bool:
    """Whether a row is the template's example row, in any language, left as it was."""
    names = {index: name for name, index in guess(resource, header).items()}
    filled = {names.get(index): cell for index, cell in enumerate(cells) if cell not in (None, "")}
    if not filled or None in filled or any(isinstance(cell, Flaw) for cell in filled.values()):
        return False
    for language, _name in settings.LANGUAGES:
        with override(language):
            examples = {name: _example(resource.importable[name]) for name in filled if name}
            if any(str(each).startswith(_("Example: %(label)s") % {"label": ""}) for each in examples.values()) and all(
                text_of(cell) == text_of(examples[name]) for name, cell in filled.items() if name
            ):
                return True
    return False


def _template_column(column: Column) -> TemplateColumn:
    return TemplateColumn(
        label=column.label,
        kind=column.reader.kind,
        required=column.required,
        choices=column.reader.choices(),
        note=" ".join(
            part for part in (str(column.field.help_text or ""), column.reader.note(), _length(column)) if part
        ),
        example=_example(column),
    )


def _example(column: Column) -> Any:
    return column.reader.example(column.label)


def _length(column: Column) -> str:
    most = column.field.max_length
    return _("At most %(most)s characters") % {"most": most} if most and not column.reader.choices() else ""
