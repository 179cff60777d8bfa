"""Changing one field of many records (批量修改): each by the rules of its form, each with its own result."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.entity.catalogue import catalogue
from crm.entity.columns import BoundColumn
from crm.entity.declare import Entity
from crm.entity.forms import RecordForm, form_class
from crm.entity.saving import change
from crm.flow import undo
from crm.flow.run import Outcome
from crm.kernel.errors import Denied, Refused
from crm.record import write
from crm.record.models import Record

if TYPE_CHECKING:
    from crm.org.models import User

# Its field names must not meet those of the list's query.
PREFIX = "bulk"
TITLE = gettext_lazy("Bulk edit")


def changeable(entity: Entity, user: "User") -> list[BoundColumn]:
    """The fields that the user may change on many records at once; empty without the right to change."""
    shown = catalogue(entity, user)
    return shown.choose(shown.writable()) if entity.can(user, "change") else []


def value_form(entity: Entity, user: "User", path: str, data: Any = None) -> RecordForm:
    """The form that asks for the new value and judges it by itself; Denied for a field that may not be changed."""
    made: Any = type("ValueForm", (_class(entity, user, path),), {"_post_clean": lambda form: None})
    return made(data, user=user, prefix=PREFIX, auto_id="bulk_%s")  # type: ignore[no-any-return]


def edit(entity: Entity, user: "User", ids: Collection[int], path: str, data: Any) -> Outcome:
    """Give the records of these ids the value that `data` holds for the field; nothing else of them changes.

    Records that the user cannot see are passed over; those that they may not change, or whose rules say no, are
    among the refused. Denied without the right to change the field at all.
    """
    made = _class(entity, user, path)
    with transaction.atomic():
        outcome = Outcome(refused=_out_of_reach(entity, user, ids))
        records = _locked(entity, user, ids)
        forms = [form for record in records if (form := _judged(made, record, user, data, outcome))]
        if not _write_together(entity, user, [form.instance for form in forms]):
            _write_one_by_one(entity, user, made, forms, data, outcome)
        else:
            outcome.done = [form.instance for form in forms]
        outcome.undo = undo.remember(outcome.done, user, "change", TITLE)
    return outcome


def _class(entity: Entity, user: "User", path: str) -> type[RecordForm]:
    if path not in {column.path for column in changeable(entity, user)}:
        raise Denied(_("Your role does not allow changing this field."))
    return form_class(entity, user, None, [path])


def _locked(entity: Entity, user: "User", ids: Collection[int]) -> Sequence[Any]:
    # In the order of ids, as every writer locks.
    return list(entity.list_queryset(user, "change").filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk"))


def _out_of_reach(entity: Entity, user: "User", ids: Collection[int]) -> list[tuple[Record, str]]:
    may = entity.list_queryset(user, "change").filter(pk__in=ids).values("pk")
    seen = entity.list_queryset(user).filter(pk__in=ids).exclude(pk__in=may).order_by("pk")
    return [(record, _("You may see this record, but not do this with it.")) for record in seen]


def _judged(made: type[RecordForm], record: Any, user: "User", data: Any, outcome: Outcome) -> RecordForm | None:
    """The valid form of a record; None if its rules refuse the value."""
    form = made(data, instance=record, user=user, prefix=PREFIX)
    if form.is_valid():
        return form
    _refuse(outcome, record, " ".join(str(text) for texts in form.errors.values() for text in texts))
    return None


def _refuse(outcome: Outcome, record: Any, reason: str) -> None:
    """Tell why a record stays as it is, and show it so."""
    for name, (stored, _typed) in record.changed_fields().items():
        setattr(record, name, stored)
    outcome.refused.append((record, reason))


def _write_together(entity: Entity, user: "User", records: Sequence[Any]) -> bool:
    """Write all at once, or nothing if one of them is refused."""
    try:
        with transaction.atomic():
            write.update(records, user)
            reached = entity.queryset(user, "change").filter(pk__in=[record.pk for record in records])
            if reached.count() < len(records):
                raise Denied("")
    except Refused:
        return False
    return True


def _write_one_by_one(
    entity: Entity, user: "User", made: type[RecordForm], forms: Sequence[RecordForm], data: Any, outcome: Outcome
) -> None:
    for record in _locked(entity, user, [form.instance.pk for form in forms]):
        form = _judged(made, record, user, data, outcome)
        if form is None:
            continue
        try:
            change(entity, form, user)
        except Refused as refused:
            _refuse(outcome, record, str(refused))
        else:
            outcome.done.append(record)
