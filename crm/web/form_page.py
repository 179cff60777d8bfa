"""What the templates of a record's form show."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import uuid4

from django import forms
from django.forms import BoundField
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crm.entity.catalogue import catalogue
from crm.entity.declare import Entity
from crm.entity.forms import RecordForm
from crm.entity.lines import LineRows
from crm.record.models import Record
from crm.web.conflict import Conflict
from crm.web.lines import Grid

# From this many fields on, the page begins with links to its sections.
LONG = 15


@dataclass
class FormSection:
    """A headed group of fields."""

    number: int
    label: str | Promise
    fields: list[BoundField]
    open: bool
    columns: int = 2

    @property
    def laid_out(self) -> list[tuple[BoundField, bool]]:
        """Each field, and whether it takes the whole width."""
        return [(field, isinstance(field.field.widget, forms.Textarea)) for field in self.fields]


class FormPage:
    """What the form's templates show."""

    def __init__(
        self,
        request: HttpRequest,
        entity: Entity,
        record: Record | None,
        form: RecordForm,
        *,
        lines: LineRows | None,
        conflict: Conflict | None,
        in_drawer: bool,
    ) -> None:
        self.request, self.entity, self.record, self.form, self.conflict = request, entity, record, form, conflict
        self.in_drawer = in_drawer
        self.lines = Grid(lines) if lines else None
        self.user = form.user
        self.action = request.get_full_path()
        self.token = request.POST.get("token") or str(uuid4())

    @property
    def title(self) -> str:
        """What is being done."""
        words = {"entity": self.entity.label, "record": self.record}
        return (_("Edit %(entity)s") if self.record else _("New %(entity)s")) % words

    @property
    def back(self) -> str:
        """Where "cancel" leads."""
        return self.entity.url("detail", self.record.pk) if self.record else self.entity.url("list")

    @property
    def whole(self) -> str:
        """The address of the page with all fields."""
        return self.action if self.record is None else self.entity.url("edit", self.record.pk)

    @cached_property
    def sections(self) -> list[FormSection]:
        """The fields under their headings; in the drawer all in one."""
        if self.in_drawer:
            return [FormSection(0, "", self._fields(list(self.form.fields)), True)]
        made = []
        for number, section in enumerate(catalogue(self.entity, self.form.user).sections):
            fields = self._fields(section.fields)
            is_open = not section.folded or _says_something(fields)
            made.append(FormSection(number, section.label, fields, is_open, section.columns))
        return [section for section in made if section.fields]

    @property
    def is_dirty(self) -> bool:
        """Whether what the form holds was typed and is not saved."""
        return self.form.is_bound or self.request.method == "POST"

    @property
    def draft(self) -> str:
        """Under which name the browser keeps what is typed here, for this user alone; empty where it may not."""
        if self.request.COOKIES.get("drafts") == "off":
            return ""
        return f"{self.user.pk}/{self.entity.key}/{self.record.pk if self.record else 'new'}"

    @property
    def wrong(self) -> int:
        """How many fields need changes, those of lines included."""
        of_lines = len(self.lines.lines.errors) + len(self.lines.lines.problems) if self.lines else 0
        return len([name for name in self.form.errors if name != "__all__"]) + of_lines

    @property
    def first_wrong(self) -> str:
        """The id of the first control that needs a change."""
        own = [field.id_for_label for field in self.form if field.errors]
        return next(
            iter([*own, *(where for where, *_rest in self.lines.lines.errors if where)] if self.lines else own), ""
        )

    @property
    def anchors(self) -> list[FormSection]:
        """The sections, where there are so many fields that one wants to jump."""
        return self.sections if len(self.form.fields) > LONG and not self.in_drawer else []

    @property
    def duplicates(self) -> str:
        """The address that finds likely duplicates; empty where the entity has no such check."""
        if not self._compared:
            return ""
        return self.entity.url("duplicates") + (f"?id={self.record.pk}" if self.record else "")

    @property
    def duplicate_triggers(self) -> str:
        """What makes that address be asked, in htmx's words: typing in one of the compared fields of this form."""
        return ", ".join(f"input changed delay:400ms from:#{self.form[name].id_for_label}" for name in self._compared)

    @property
    def duplicate_params(self) -> str:
        """What is sent to it."""
        return ",".join(self._compared)

    @property
    def _compared(self) -> list[str]:
        check = self.entity.duplicate_check
        return [name for name in check.fields if name in self.form.fields] if check else []

    def _fields(self, names: Sequence[str]) -> list[BoundField]:
        return [self.form[name] for name in names if name in self.form.fields and not self.form[name].is_hidden]


def _says_something(fields: Sequence[BoundField]) -> bool:
    return any(field.errors or field.value() for field in fields)
