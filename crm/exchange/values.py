"""How each kind of value is read from an uploaded cell and written into a file.

One class serves both ways, so that what an export writes an import reads. Readers raise
ValidationError with a sentence that follows the column's name: “Mobile”: enter 11 digits.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.widgets import Widget

from crm.entity.columns import Kind as ValueKind
from crm.entity.dates import parse_day, parse_instant
from crm.exchange.files.columns import Kind
from crm.exchange.files.read import FLAWS, Flaw, Value
from crm.kernel.dates import now, today
from crm.org.models import Department, User
from crm.record.models import Record
from crm.record.names import Names
from crm.record.picklists import PicklistField, PicklistSetField

if TYPE_CHECKING:
    from django.db.models import Field

SHOWN_CHOICES = 8
YES = frozenset({"是", "true", "yes", "y", "1", "√", "对"})
NO = frozenset({"否", "false", "no", "n", "0", "×", "错"})
SEPARATORS = re.compile(r"[,，、;；\n]")
NUMBER_NOISE = re.compile(r"[,，\s¥￥$元]")


def text_of(value: Value) -> str:
    """A cell as the user sees it, without spaces around it."""
    if type(value) is str:
        return value.strip()
    if isinstance(value, Flaw):
        raise ValidationError(str(FLAWS[value]))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, float):
        return format(value, ".15g")
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date | time):
        return value.isoformat()
    return "" if value is None else str(value)


def plain(text: str) -> str:
    """Text as choices and headings are compared: width, case and spaces do not count."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


class Reader(Widget):
    """The base: text. A cell with nothing in it never gets here."""

    kind = Kind.TEXT

    def prepare(self, values: Iterable[Value], user: User) -> None:
        """Look up what a whole chunk of cells refers to, with one query."""

    def clean(self, value: Value, row: Any = None, **options: Any) -> Any:
        """The value to store; ValidationError if the cell cannot mean one."""
        return text_of(value)

    def render(self, value: Any, obj: Any = None, **options: Any) -> Any:
        """A stored value as it goes into a file, of the type that `kind` says."""
        return value

    def look_up(self, values: Sequence[Any], user: User) -> None:
        """Look up what a batch of stored values refers to before they are rendered."""

    def choices(self) -> Sequence[str]:
        """All that can be entered, if that is a list."""
        return ()

    def example(self, label: str) -> Any:
        """Something to show in a template; None for nothing."""
        return _("Example: %(label)s") % {"label": label}

    def note(self) -> str:
        """What to enter, for a template."""
        return ""


class PhoneReader(Reader):
    """A phone number: text, so that zeros in front stay."""

    def example(self, label: str) -> str:
        """A number that nobody has."""
        return "021-58888888"


class EmailReader(Reader):
    """An e-mail address."""

    def example(self, label: str) -> str:
        """An address that nobody has."""
        return "wang@example.com"


class UrlReader(Reader):
    """A web address; most people leave the protocol out."""

    def clean(self, value: Value, row: Any = None, **options: Any) -> str:
        """The address with a protocol."""
        text = text_of(value)
        return text if "://" in text else f"http://{text}"

    def example(self, label: str) -> str:
        """A reserved address."""
        return "www.example.com"


class NumberReader(Reader):
    """A whole number."""

    kind = Kind.NUMBER

    def clean(self, value: Value, row: Any = None, **options: Any) -> int:
        """The number; separators and currency signs are allowed."""
        number = _decimal(value)
        if number != number.to_integral_value():
            raise ValidationError(_("enter a whole number"))
        return int(number)

    def example(self, label: str) -> int:
        """Any number."""
        return 10


class DecimalReader(Reader):
    """A number with decimals."""

    def __init__(self, places: int) -> None:
        super().__init__()
        self.kind = Kind.MONEY if places == 2 else Kind.NUMBER

    def clean(self, value: Value, row: Any = None, **options: Any) -> Decimal:
        """The number; separators and currency signs are allowed."""
        return _decimal(value)

    def example(self, label: str) -> Decimal:
        """Any amount."""
        return Decimal("1000.00")


class BoolReader(Reader):
    """Yes or no."""

    def clean(self, value: Value, row: Any = None, **options: Any) -> bool:
        """True or False, from words in both languages."""
        word = plain(text_of(value))
        if word in YES or word == plain(_("Yes")):
            return True
        if word in NO or word == plain(_("No")):
            return False
        raise _not_one_of(text_of(value), self.choices())

    def render(self, value: Any, obj: Any = None, **options: Any) -> str:
        """Yes or no in the active language."""
        return "" if value is None else _("Yes") if value else _("No")

    def choices(self) -> Sequence[str]:
        """Both words."""
        return (_("Yes"), _("No"))

    def example(self, label: str) -> str:
        """The first choice."""
        return _("Yes")


class DateReader(Reader):
    """A calendar day."""

    kind = Kind.DATE

    def clean(self, value: Value, row: Any = None, **options: Any) -> date:
        """The day of a date cell, or one written as people do."""
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        day = parse_day(text_of(value), today())
        if day is None:
            raise ValidationError(_("enter a date such as 2026-01-31"))
        return day

    def example(self, label: str) -> date:
        """Any day."""
        return date(2026, 1, 31)

    def note(self) -> str:
        """The form of a date."""
        return _("A date such as 2026-01-31")


class InstantReader(Reader):
    """A day and a time."""

    kind = Kind.DATETIME

    def clean(self, value: Value, row: Any = None, **options: Any) -> datetime:
        """The instant, in the company's time zone."""
        if isinstance(value, datetime):
            return timezone.make_aware(value)
        if isinstance(value, date):
            return timezone.make_aware(datetime.combine(value, time.min))
        instant = parse_instant(text_of(value), now())
        if instant is None:
            raise ValidationError(_("enter a date and a time such as 2026-01-31 09:30"))
        return instant

    def example(self, label: str) -> datetime:
        """Any instant."""
        return datetime(2026, 1, 31, 9, 30)  # noqa: DTZ001 - a cell has no time zone

    def note(self) -> str:
        """The form of an instant."""
        return _("A date and a time such as 2026-01-31 09:30")


class ChoiceReader(Reader):
    """One of fixed choices, by its label."""

    def __init__(self, choices: Iterable[tuple[Any, Any]]) -> None:
        super().__init__()
        self.labels = {value: str(label) for value, label in choices if value not in ("", None)}
        self.values: dict[str, Any] = {}
        for value, label in self.labels.items():
            self.values |= {plain(str(value)): value, plain(label): value, label: value}

    def clean(self, value: Value, row: Any = None, **options: Any) -> Any:
        """The stored value behind a label."""
        text = text_of(value)
        key = text if text in self.values else plain(text)
        if key not in self.values:
            raise _not_one_of(text, self.choices())
        return self.values[key]

    def render(self, value: Any, obj: Any = None, **options: Any) -> str:
        """The label."""
        return "" if value is None else self.labels.get(value, str(value))

    def choices(self) -> Sequence[str]:
        """The labels."""
        return tuple(self.labels.values())

    def example(self, label: str) -> str | None:
        """The first choice."""
        return next(iter(self.choices()), None)


class OptionReader(ChoiceReader):
    """An option of a picklist, by its label; stored as its id. Retired ones are written, but not read."""

    def __init__(self, list_key: str, names: Names) -> None:
        super().__init__([(option.pk, option.label) for option in names.options_of(list_key)])
        self.names = names

    def render(self, value: Any, obj: Any = None, **options: Any) -> str:
        """The label, of a retired option too."""
        option = self.names.options.get(value)
        return option.label if option else ""


class OptionsReader(Reader):
    """Several options of a picklist, by their labels with commas between; stored as their ids."""

    def __init__(self, list_key: str, names: Names) -> None:
        super().__init__()
        self.one = OptionReader(list_key, names)

    def clean(self, value: Value, row: Any = None, **options: Any) -> list[int]:
        """The ids in the order of the list."""
        found = {self.one.clean(part) for part in SEPARATORS.split(text_of(value)) if part.strip()}
        return [pk for pk in self.one.labels if pk in found]

    def render(self, value: Any, obj: Any = None, **options: Any) -> str:
        """The labels."""
        return _(", ").join(filter(None, map(self.one.render, value or ())))

    def example(self, label: str) -> str:
        """The first two."""
        return _(", ").join(self.one.choices()[:2])

    def note(self) -> str:
        """How several are written."""
        return _("Any of these, with commas between: %(choices)s") % {
            "choices": _(", ").join(self.one.choices()[:SHOWN_CHOICES])
        }


class UserReader(Reader):
    """An active user, by user name or real name."""

    def __init__(self, names: Names) -> None:
        super().__init__()
        self.names = names
        self.found: Mapping[str, list[User]] = {}

    def prepare(self, values: Iterable[Value], user: User) -> None:
        """The users whom the cells name."""
        texts = _texts(values)
        found: dict[str, list[User]] = defaultdict(list)
        for each in (
            User.objects.filter(Q(username__in=texts) | Q(real_name__in=texts), is_active=True) if texts else ()
        ):
            for name in {each.username, each.real_name}:
                found[name].append(each)
        self.found = found

    def clean(self, value: Value, row: Any = None, **options: Any) -> User:
        """The one user of that name."""
        text = text_of(value)
        found = self.found.get(text, [])
        if not found:
            raise ValidationError(_("there is no active user “%(name)s”") % {"name": text})
        exact = [each for each in found if each.username == text]
        if len(found) > 1 and not exact:
            names = {"name": text, "count": len(found), "names": _(", ").join(sorted(each.username for each in found))}
            raise ValidationError(
                _("%(count)s users are called “%(name)s”: enter the user name instead (%(names)s)") % names
            )
        return (exact or found)[0]

    def render(self, value: Any, obj: Any = None, **options: Any) -> str:
        """The real name."""
        return self.names.users.get(value, "")

    def example(self, label: str) -> str | None:
        """Any active user."""
        return next((name for pk, name in self.names.users.items() if pk in self.names.active_users), None)

    def note(self) -> str:
        """Which names are taken."""
        return _("The real name or the user name of a colleague")


class DepartmentReader(Reader):
    """A department, by name."""

    def __init__(self, names: Names) -> None:
        super().__init__()
        self.names = names
        self.found: Mapping[str, list[Department]] = {}

    def prepare(self, values: Iterable[Value], user: User) -> None:
        """The departments that the cells name."""
        texts = _texts(values)
        found: dict[str, list[Department]] = defaultdict(list)
        for each in Department.objects.filter(name__in=texts, active=True) if texts else ():
            found[each.name].append(each)
        self.found = found

    def clean(self, value: Value, row: Any = None, **options: Any) -> Department:
        """The one department of that name."""
        text = text_of(value)
        found = self.found.get(text, [])
        if len(found) == 1:
            return found[0]
        if found:
            raise ValidationError(
                _("%(count)s departments are called “%(name)s”") % {"count": len(found), "name": text}
            )
        raise ValidationError(_("there is no department “%(name)s”") % {"name": text})

    def render(self, value: Any, obj: Any = None, **options: Any) -> str:
        """The name."""
        return self.names.departments.get(value, "")

    def example(self, label: str) -> str | None:
        """Any department."""
        return next(iter(self.names.departments.values()), None)


class RecordReader(Reader):
    """A record of another entity that the user may use, by number or name.

    Where several have one name, those count that belong to the same record as the row does: a
    contact called 王伟 is the one of the row's customer. `shared` names that foreign key.
    """

    def __init__(self, model: type[Record], action: str, shared: str = "") -> None:
        super().__init__()
        self.model, self.action, self.shared = model, action, shared
        self.found: Mapping[str, list[Record]] = {}
        self.shown: Mapping[int, str] = {}

    def prepare(self, values: Iterable[Value], user: User) -> None:
        """The records that the cells name."""
        texts = _texts(values)
        name_field = self.model.name_field
        found: dict[str, list[Record]] = defaultdict(list)
        if texts:
            named = Q(**{f"{name_field}__in": texts}) | Q(number__in=texts)
            for record in self.model.objects.visible_to(user, self.action).filter(named).defer("search"):
                for name in {getattr(record, name_field), record.number}:
                    found[name].append(record)
        self.found = found

    def clean(self, value: Value, row: Any = None, **options: Any) -> Record:
        """The one record of that number or name; `row` holds the values that were read before this one."""
        text = text_of(value)
        found = [record for record in self.found.get(text, []) if self._belongs(record, row or {})]
        label = self.model._meta.verbose_name
        if not found:
            raise ValidationError(_("there is no %(label)s “%(name)s”") % {"label": label, "name": text})
        exact = [record for record in found if record.number == text]
        if len(found) > 1 and not exact:
            facts = {"count": len(found), "label": self.model._meta.verbose_name_plural, "name": text}
            raise ValidationError(_("%(count)s %(label)s are called “%(name)s”: enter the number instead") % facts)
        return (exact or found)[0]

    def _belongs(self, record: Record, row: Mapping[str, Any]) -> bool:
        above = row.get(self.shared) if self.shared else None
        return above is None or getattr(record, f"{self.model.parent_field}_id") == above.pk

    def look_up(self, values: Sequence[Any], user: User) -> None:
        """The names behind ids, which custom fields hold, of records that the user may see."""
        ids = {value for value in values if isinstance(value, int)}
        rows = self.model.objects.visible_to(user).filter(pk__in=ids) if ids else self.model.objects.none()
        self.shown = dict(rows.values_list("pk", self.model.name_field))

    def render(self, value: Any, obj: Any = None, **options: Any) -> str:
        """The name."""
        return self.shown.get(value, "") if isinstance(value, int) else "" if value is None else str(value)

    def example(self, label: str) -> None:
        """Nothing: every company has other records."""
        return

    def note(self) -> str:
        """How a record is named."""
        label = self.model._meta.verbose_name
        return _("The name or the number of an existing %(label)s") % {"label": label}


def reader_for(model: type[Record], field: "Field[Any, Any]", kind: ValueKind, names: Names) -> Reader:
    """The reader of a model field."""
    match kind:
        case "option" if isinstance(field, PicklistField):
            return OptionReader(field.list, names)
        case "options" if isinstance(field, PicklistSetField):
            return OptionsReader(field.list, names)
        case "choice":
            return ChoiceReader(field.flatchoices)
        case "user":
            return UserReader(names)
        case "department":
            return DepartmentReader(names)
        case "record":
            return _record_reader(model, field)
        case "decimal":
            return DecimalReader(getattr(field, "decimal_places", 0))
    if field.name in model.search_phones:
        return PhoneReader()
    return READERS.get(kind, Reader)()


READERS: dict[str, type[Reader]] = {
    "date": DateReader,
    "datetime": InstantReader,
    "integer": NumberReader,
    "bool": BoolReader,
    "phone": PhoneReader,
    "email": EmailReader,
    "url": UrlReader,
}


def _record_reader(model: type[Record], field: "Field[Any, Any]") -> RecordReader:
    related: Any = field.related_model
    # Who may change the parent may write its children.
    action = "change" if field.name == model.parent_field else "view"
    shared = related.parent_field if related is not model else ""
    same = bool(shared) and _leads_to(model, shared) is _leads_to(related, shared)
    return RecordReader(related, action, shared if same else "")


def _leads_to(model: type[Model], name: str) -> Any:
    field = next((field for field in model._meta.concrete_fields if field.name == name), None)
    return field.related_model if field is not None else None


def _texts(values: Iterable[Value]) -> set[str]:
    return {text_of(value) for value in values if not isinstance(value, Flaw)} - {""}


def _decimal(value: Value) -> Decimal:
    text = NUMBER_NOISE.sub("", unicodedata.normalize("NFKC", text_of(value)))
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValidationError(_("enter a number")) from None
    if isinstance(value, bool) or not number.is_finite():
        raise ValidationError(_("enter a number"))
    return number


def _not_one_of(text: str, choices: Sequence[str]) -> ValidationError:
    shown = _(", ").join(choices[:SHOWN_CHOICES]) + (" …" if len(choices) > SHOWN_CHOICES else "")
    return ValidationError(_("“%(text)s” is not one of: %(choices)s") % {"text": text, "choices": shown})
