"""Lines of a document in the document's form: declared once, read, checked, summed up and written together.

    lines = Lines(OrderLine, "product", "quantity", "price", "discount", "tax_rate", "total", "remarks",
                  sums={"net": "net", "tax": "tax", "total": "total"})

What is sent as `lines-<n>-<field>` is bound to the document's own lines; their order is that in which they
are sent. A line that is not mentioned stays as it is; one that is sent with `lines-<n>-removed` goes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.entity.catalogue import catalogue
from crm.entity.cells import text_of
from crm.entity.columns import BoundColumn
from crm.entity.declare import Entity, Section
from crm.entity.fields import BLANK, RecordChoice, RecordSelect, as_id
from crm.entity.forms import RecordForm, form_class
from crm.kernel.money import Amounts, line_amounts, total_of
from crm.kernel.text.amounts import plain_number
from crm.record import write
from crm.record.lines import Line
from crm.record.models import Record
from crm.record.names import names

if TYPE_CHECKING:
    from crm.org.models import User

MOST = 500
SUGGESTED = 20
PREFIX = "lines"
# A reference that was pasted as text: the record of that name or number is looked for.
BY_NAME = "?"
# What a line is computed from, and what it comes to; a model has those of these fields that it needs.
FACTORS = ("quantity", "price", "discount", "tax_rate")
RESULTS = ("net", "tax", "reduction", "total")
# Signs of a sum in a column of 18 digits, two of them behind the point.
LARGEST = Decimal(10) ** 16


@dataclass(frozen=True)
class Lines:
    """The lines of an entity: their model, the columns of the grid, and the document's fields that sum them up."""

    model: type[Line]
    columns: tuple[str, ...]
    # Field of the document → "net", "tax", "reduction" or "total".
    sums: Mapping[str, str] = field(default_factory=dict, hash=False)
    # Whether prices hold the tax.
    tax_included: bool = True
    label: str | Promise = ""

    def __init__(self, model: type[Line], *columns: str, **options: Any) -> None:
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "columns", columns)
        known = {"sums": {}, "tax_included": True, "label": gettext_lazy("Lines")}
        for name, value in {**known, **options}.items():
            if name not in known:
                raise TypeError(f"Lines has no {name}")
            object.__setattr__(self, name, value)

    @cached_property
    def entity(self) -> Entity:
        """A declaration of the lines alone, from which form and rights of a row follow. It is not registered."""
        typed = [name for name in self.columns if self.model._meta.get_field(name).editable]
        facts = {"model": self.model, "columns": self.columns, "sections": (Section("", *typed),), "form": LineForm}
        made: Entity = type("LineEntity", (Entity,), facts)()
        return made

    @cached_property
    def factors(self) -> list[str]:
        """The fields from which a line's amounts follow; none where lines have no price."""
        known = [name for name in FACTORS if self.has(name)]
        return known if {"quantity", "price"} <= set(known) else []

    def has(self, name: str) -> bool:
        """Whether a line has this field."""
        return any(each.name == name for each in self.model._meta.concrete_fields)

    def of(self, document: Record) -> list[Any]:
        """The lines of a document that its caller may see, in their order."""
        own = self.model.objects.alive().filter(**{self.model.parent_field: document})
        return list(own.order_by("position", "pk"))

    def gone(self, document: Record, ids: Iterable[int]) -> dict[int, Any]:
        """Those of some ids that were lines of the document and were removed."""
        removed = Q(pk__in=ids, deleted_at__isnull=False, **{self.model.parent_field: document})
        return {line.pk: line for line in self.model.objects.filter(removed)} if ids else {}

    def amounts(self, line: Any) -> Amounts:
        """What a line comes to; what is missing counts as nothing."""
        given = [getattr(line, name, None) or Decimal(0) for name in FACTORS]
        return line_amounts(*given, tax_included=self.tax_included)

    def settle(self, document: Any, lines: Iterable[Any]) -> None:
        """Put what lines come to onto them and their sums onto the document; nothing is written yet."""
        found = []
        for line in lines:
            amounts = self.amounts(line)
            found.append(amounts)
            for name in RESULTS:
                if self.has(name):
                    setattr(line, name, getattr(amounts, name))
        total = total_of(found)
        for name, part in self.sums.items():
            setattr(document, name, getattr(total, part))


class AmountField(forms.DecimalField):
    """A number as people write and paste it: 1,234.50, ￥12, １２, 13%."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        """The number without its ornaments."""
        return super().to_python(plain_number(value) if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        """Without zeros that say nothing: 3, 12.50."""
        if not isinstance(value, Decimal):
            return value
        plain = f"{value.normalize():f}"
        places = len(plain.partition(".")[2])
        return f"{value:.2f}" if places == 1 else plain

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """The digits' keyboard on a phone."""
        return {"inputmode": "decimal", "autocomplete": "off"}


@dataclass
class Found:
    """The records to which one column of all rows refers, looked up together."""

    records: dict[int, Any] = field(default_factory=dict)
    named: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    offered: list[Record] = field(default_factory=list)


class LineReference(RecordChoice):
    """A record in one row of many: it is not asked for row by row."""

    default_error_messages = {
        "nobody": gettext_lazy("Nothing is called “%(text)s”."),
        "several": gettext_lazy("Several are called “%(text)s”: choose one."),
    }

    def __init__(self, *, found: Found, **options: Any) -> None:
        self.found = found
        # What the stored line refers to: it stays valid, even where the user may not see it.
        self.kept: int | None = None
        self.offers = False
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        """The present choice as the select's option, and some more where a line begins."""
        pk = value.pk if isinstance(value, Record) else as_id(value)
        offered = [(each.pk, str(each)) for each in self.found.offered] if self.offers else []
        chosen: list[tuple[Any, Any]] = []
        if pk in self.found.records:
            chosen = [(pk, str(self.found.records[pk]))]
        elif pk is not None and pk == self.kept:
            chosen = [(pk, _("(not yours to see)"))]
        elif str(value or "").startswith(BY_NAME):
            chosen = [(value, str(value).removeprefix(BY_NAME))]
        self.widget.choices = [BLANK, *chosen, *(choice for choice in offered if choice not in chosen)]
        return chosen[0][0] if chosen else None

    def to_python(self, value: Any) -> Any:
        """The record; None for an empty value."""
        if value in self.empty_values:
            return None
        text = str(value).removeprefix(BY_NAME)
        if text != str(value):
            named = self.found.named.get(text, [])
            if len(named) == 1:
                return named[0]
            code = "several" if named else "nobody"
            raise ValidationError(self.error_messages[code], code=code, params={"text": text})
        pk = as_id(value)
        if pk in self.found.records:
            return self.found.records[pk]
        if pk is not None and pk == self.kept:
            model: Any = self.model
            return model(pk=pk)
        raise ValidationError(self.error_messages["unknown"], code="unknown")


class LineForm(RecordForm):
    """The form of one line."""

    def _get_validation_exclusions(self) -> set[str]:
        # Where a reference leads has been looked up for all rows; the model would ask again for each.
        found = {name for name, each in self.fields.items() if isinstance(each, LineReference)}
        return super()._get_validation_exclusions() | found  # type: ignore[misc, no-any-return]


@dataclass
class Row:
    """One line in the form."""

    prefix: str
    line: Any
    form: RecordForm
    removed: bool = False
    # Sent with an id that is none of the document's lines.
    strange: bool = False
    # Removed by somebody else since the form was opened.
    gone: bool = False

    @property
    def is_new(self) -> bool:
        """Whether the line is not stored yet."""
        return self.line.pk is None

    @property
    def typed(self) -> dict[str, Any]:
        """What the form changed on a stored line."""
        return self.line.changed_values()  # type: ignore[no-any-return]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed into a new line: then it is none."""
        return self.is_new and (not self.form.is_bound or not self.form.has_changed())


class LineRows:
    """The lines of one form: those of the document, or what was sent for them."""

    def __init__(
        self,
        declared: Lines,
        user: "User",
        document: Any = None,
        data: Mapping[str, Any] | None = None,
        *,
        blank: int = 1,
        judged: bool = True,
    ) -> None:
        """`data` is what was sent; with `judged` False it is only shown again, with `blank` more lines."""
        self.declared, self.user, self.document = declared, user, document
        self.data: Any = data
        self.judged = judged and data is not None
        self.names = names(getattr(user, "org_stamp", None))
        self.seen = catalogue(declared.entity, user)
        self.stored: dict[int, Any] = {line.pk: line for line in declared.of(document)} if document else {}
        self._found: dict[str, Found] = {}
        self._class = self._form_class(None)
        sent = [] if data is None else _prefixes(data)
        self.too_many = len(sent) > MOST
        self._look_up(sent)
        self.rows = self._sent(sent[:MOST]) if data is not None else [self._row(*pair) for pair in self._shown(blank)]
        if data is not None:
            self.rows += [self._row(prefix, None) for prefix in self._free(blank)]

    # -- what the form shows

    @property
    def columns(self) -> list[BoundColumn]:
        """The columns that the user may see."""
        return self.seen.choose(self.declared.columns)

    def writable(self, name: str) -> bool:
        """Whether the user may write a column."""
        return name in self._class.base_fields

    @property
    def shows_amounts(self) -> bool:
        """Whether the user sees everything that the amounts follow from."""
        typed = [name for name in self.declared.factors if name in self.declared.columns]
        return bool(self.declared.factors) and all(self.seen.get(name) for name in typed)

    @property
    def total(self) -> Amounts:
        """What the lines come to, as they stand."""
        return total_of(self.declared.amounts(row.line) for row in self.kept)

    def text(self, column: BoundColumn, row: Row) -> str:
        """What a column that is not typed shows."""
        return text_of(column, column.value(row.line), self.names)

    def described(self, row: Row) -> str:
        """A line in one sentence."""
        told = [(column, self.text(column, row)) for column in self.columns if column.path not in RESULTS]
        return _("; ").join(f"{capfirst(str(column.label))} {text}" for column, text in told if text)

    def template(self) -> Row:
        """An empty row to copy, numbered __n__."""
        return self._row(f"{PREFIX}-__n__", None)

    # -- what was sent

    @property
    def kept(self) -> list[Row]:
        """The rows that are lines after saving, in their order."""
        return [row for row in self.rows if not (row.removed or row.strange or row.gone or row.is_empty)]

    @property
    def removed(self) -> list[Any]:
        """The stored lines that go."""
        return [row.line for row in self.rows if row.removed and not (row.is_new or row.gone)]

    @property
    def untouched(self) -> list[Any]:
        """Stored lines that were not sent, such as those that somebody else has added meanwhile."""
        sent = {row.line.pk for row in self.rows}
        return [line for pk, line in self.stored.items() if pk not in sent]

    def seen_version(self, row: Row) -> int:
        """The version of a stored line that its editor saw."""
        return as_id(self.data.get(f"{row.prefix}-version")) or 0

    def added(self) -> list[Row]:
        """Rows for the lines that were not sent."""
        prefixes = self._free(len(self.untouched))
        return [self._row(prefix, line) for prefix, line in zip(prefixes, self.untouched, strict=True)]

    @property
    def problems(self) -> list[str]:
        """What is wrong with the lines as a whole."""
        found = []
        if self.too_many:
            found.append(_("At most %(count)s lines.") % {"count": MOST})
        if any(row.strange for row in self.rows):
            found.append(_("A line that was sent does not belong to this document. Load the page again."))
        return found

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        """(id of the control, which cell, sentence) of everything that is wrong in a cell."""
        if not self.judged:
            return []
        return [
            (row.form[name].id_for_label if name in row.form.fields else "", self._place(number, row, name), str(text))
            for number, row in enumerate((row for row in self.rows if not row.removed), 1)
            if not row.is_empty
            for name, sentences in row.form.errors.items()
            for text in sentences
        ]

    def is_valid(self) -> bool:
        """Whether all lines can be saved; what does not fit into its column is told at its row."""
        if not self.problems and all(row.form.is_valid() for row in self.kept):
            for row in self.kept:
                if abs(self.declared.amounts(row.line).total) >= LARGEST:
                    row.form.add_error("price" if "price" in row.form.fields else None, _("This comes to too much."))
        return not self.problems and all(row.form.is_valid() for row in self.kept)

    # -- writing

    def settle(self, document: Any) -> None:
        """Put amounts onto the lines and sums onto the document."""
        if self.declared.factors:
            self.declared.settle(document, [*(row.line for row in self.kept), *self.untouched])

    @property
    def has_changed(self) -> bool:
        """Whether saving would change a line."""
        return bool(self.removed) or any(row.is_new or row.typed for row in self.kept)

    def write(self, document: Record, by: "User") -> dict[str, list[Any]]:
        """Write the lines of a stored document; gives what the document's history says of them."""
        lines = self._ordered()
        for position, line in enumerate(lines, 1):
            line.position = position
            setattr(line, self.declared.model.parent_field, document)
        new = [line for line in lines if line.pk is None]
        old = [line for line in lines if line.pk is not None]
        said = [*(_changed(line) for line in old), *(_told(line, self.declared, 0) for line in self.removed)]
        write.insert(new, by)
        write.update(old, by)
        write.delete(self.removed, by)
        said += [_told(line, self.declared, 1) for line in new]
        return {name: pair for found in said for name, pair in found.items()}

    def _ordered(self) -> list[Any]:
        """The lines in the order in which they were sent; one that was not stays behind its predecessor."""
        lines: list[Any] = [row.line for row in self.kept]
        before: Any = None
        for line in self.stored.values():
            if line in self.untouched:
                lines.insert(lines.index(before) + 1 if before in lines else 0, line)
            before = line
        return lines

    # -- making rows

    def _form_class(self, line: Any) -> Any:
        made: Any = form_class(self.declared.entity, self.user, line, self.declared.columns)
        for name, made_field in made.base_fields.items():
            if isinstance(made_field, RecordChoice):
                found = self._found.setdefault(name, Found())
                widget = RecordSelect(model=made_field.model)
                made.base_fields[name] = LineReference(
                    found=found, model=made_field.model, user=self.user, widget=widget,
                    label=made_field.label, required=made_field.required,
                )  # fmt: skip
            elif isinstance(made_field, forms.DecimalField):
                made.base_fields[name] = AmountField(
                    max_digits=made_field.max_digits, decimal_places=made_field.decimal_places,
                    label=made_field.label, required=made_field.required,
                )  # fmt: skip
            elif isinstance(made_field.widget, forms.Textarea):
                made_field.widget = forms.TextInput()
            # It is told at the column's head.
            made.base_fields[name].help_text = ""
        return made

    def _look_up(self, sent: Sequence[str]) -> None:
        """Find every record that the rows refer to: per column one query by id, one by name, one to offer some."""
        for name, found in self._found.items():
            model = self._class.base_fields[name].model
            values = [str(self.data.get(f"{prefix}-{name}", "")) for prefix in sent]
            ids = {pk for value in values if (pk := as_id(value))}
            ids |= {pk for line in self.stored.values() if (pk := getattr(line, f"{name}_id"))}
            texts = {value.removeprefix(BY_NAME) for value in values if value.startswith(BY_NAME)}
            visible = model.objects.visible_to(self.user).defer("search")
            found.records = visible.in_bulk(ids) if ids else {}
            if texts:
                for record in visible.filter(Q(**{f"{model.name_field}__in": texts}) | Q(number__in=texts)):
                    found.records[record.pk] = record
                    for text in {str(getattr(record, model.name_field)), record.number} & texts:
                        found.named[text].append(record)
            found.offered = list(visible.order_by("-created_at", "-pk")[:SUGGESTED])
            for line in self.stored.values():
                record = found.records.get(getattr(line, f"{name}_id"))
                if record is not None:
                    line._meta.get_field(name).set_cached_value(line, record)

    def _shown(self, blank: int) -> list[tuple[str, Any]]:
        lines = [*self.stored.values(), *([None] * blank)]
        return [(f"{PREFIX}-{number}", line) for number, line in enumerate(lines)]

    def _free(self, blank: int) -> list[str]:
        numbers = [int(row.prefix.rpartition("-")[2]) for row in self.rows]
        start = max(numbers, default=-1) + 1
        return [f"{PREFIX}-{number}" for number in range(start, start + blank)]

    def _sent(self, prefixes: Sequence[str]) -> list[Row]:
        sent = {prefix: str(self.data.get(f"{prefix}-id", "")) for prefix in prefixes}
        ids = {pk for text in sent.values() if (pk := as_id(text))}
        gone = self.declared.gone(self.document, ids - set(self.stored)) if self.document else {}
        known = {**self.stored, **gone}
        rows = []
        for prefix, text in sent.items():
            line = known.pop(as_id(text) or 0, None)
            row = self._row(prefix, line, self.data)
            row.strange = bool(text) and line is None
            row.gone = line is not None and line.pk in gone
            row.removed = bool(self.data.get(f"{prefix}-removed"))
            rows.append(row)
        return rows

    def _row(self, prefix: str, line: Any, data: Any = None) -> Row:
        made = self._class
        if line is not None and self._holds_retired(line):
            made = self._form_class(line)
        given = {"instance": line or self.declared.model(), "prefix": prefix, "user": self.user}
        options = {"auto_id": "record_%s", "empty_permitted": line is None, "use_required_attribute": False}
        if data is not None and not self.judged:
            typed = {name: data[f"{prefix}-{name}"] for name in made.base_fields if f"{prefix}-{name}" in data}
            form = made(initial=typed, **given, **options)
        else:
            form = made(data, **given, **options)
        for name, each in form.fields.items():
            if isinstance(each, LineReference):
                each.kept, each.offers = getattr(line, f"{name}_id", None), line is None
        return Row(prefix, form.instance, form)

    def _holds_retired(self, line: Any) -> bool:
        """Whether a line has a choice that is no longer offered, but stays valid on it."""
        for name, made_field in self._class.base_fields.items():
            if isinstance(made_field, forms.ChoiceField) and not isinstance(made_field, forms.MultipleChoiceField):
                value = getattr(line, line._meta.get_field(name).attname)
                offered: Any = made_field.choices
                if value is not None and str(value) not in {str(key) for key, _label in offered}:
                    return True
        return False

    def _place(self, number: int, row: Row, name: str) -> str:
        where = _("Line %(number)s") % {"number": number}
        label = row.form.fields[name].label if name in row.form.fields else ""
        return f"{where} · {capfirst(str(label))}" if label else where


# -- the document's history

NOTE = "line:"


def _changed(line: Any) -> dict[str, list[Any]]:
    """What changed on a stored line, before it is written."""
    changed = write.readable(line)
    if not changed:
        return {}
    sides: list[Any] = [{name: pair[side] for name, pair in changed.items()} for side in (0, 1)]
    return {f"{NOTE}{line.pk}": [each | {"position": line.position} for each in sides]}


def _told(line: Any, declared: Lines, side: int) -> dict[str, list[Any]]:
    """A line that came (`side` 1) or went (0), with all that its columns hold."""
    facts = write.facts(line, [name for name in declared.columns if name not in RESULTS])
    pair: list[Any] = [None, None]
    pair[side] = facts | {"position": line.position}
    return {f"{NOTE}{line.pk}": pair}


def _prefixes(data: Mapping[str, Any]) -> list[str]:
    """The prefixes of the rows that were sent, in their order: each sends its id, an empty one if it is new."""
    sent = [match for name in data if (match := re.fullmatch(rf"({PREFIX}-[0-9]{{1,6}})-(\w+)", name))]
    filled = {match[1] for match in sent if match[2] != "id" or data[match[0]]}
    return [match[1] for match in sent if match[2] == "id" and match[1] in filled]
