"""From a valid form to a stored record, whatever door the form came through."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from crm.entity.declare import Entity
from crm.entity.forms import RecordForm
from crm.entity.lines import LineRows
from crm.kernel import failpoints
from crm.kernel.errors import Denied, Invalid
from crm.record import write
from crm.record.models import Record
from crm.record.turns import take_turn

if TYPE_CHECKING:
    from crm.org.models import User


def create(entity: Entity, form: RecordForm, user: "User", lines: LineRows | None = None) -> Record:
    """Write the new record that a valid form holds, with its lines; Denied where the user may not create one."""
    record: Record = form.instance
    with transaction.atomic():
        if entity.exchange and take_turn(entity.model):
            _refuse_twin(entity, record)
        entity.prepare(record, user)
        if lines:
            lines.settle(record)
        write.insert([record], user)
        if lines:
            lines.write(record, user)
        stay_within_scope(entity, record, user, entity.add_perm)
    return record


def change(entity: Entity, form: RecordForm, user: "User", lines: LineRows | None = None) -> Record:
    """Write what a valid form of a locked record changed, with its lines; Denied where that leaves the user's reach."""
    record: Record = form.instance
    with transaction.atomic():
        if lines:
            lines.settle(record)
        noted = lines.write(record, user) if lines else {}
        write.update([record], user, noted={record.pk: noted})
        stay_within_scope(entity, record, user, "change")
    return record


def stay_within_scope(entity: Entity, record: Record, user: "User", perm: str) -> None:
    """Nobody writes a record into a place where they could not have written it: undo, and say so."""
    if not entity.queryset(user, perm).filter(pk=record.pk).exists():
        raise Denied(_("You may see this one, but not write to it. Choose another, or ask its owner."))
    failpoints.fail_before_commit()


def _refuse_twin(entity: Entity, record: Record) -> None:
    """An import wrote while this was being saved: what it made then could not be hinted at while typing."""
    for key in entity.exchange.key if entity.exchange else ():
        values = {name: getattr(record, name) for name in key}
        if all(values.values()) and entity.model.objects.alive().filter(**values).exists():
            raise Invalid({key[-1]: [_("An import has just created this. Look at it before you create another.")]})
