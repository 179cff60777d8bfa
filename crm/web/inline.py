"""Inline edit: one field of one record, in the cell of a list or among the facts of a record's page."""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.entity.catalogue import catalogue
from crm.entity.declare import Entity
from crm.entity.forms import RecordForm, form_class
from crm.entity.saving import change
from crm.flow import undo
from crm.kernel.errors import Denied, Invalid
from crm.org.models import User
from crm.record.models import Record
from crm.web.conflict import Conflict, conflict_of
from crm.web.doors import find_entity, find_record, signed_in
from crm.web.htmx import saved, toast
from crm.web.undo import button


def cell(request: HttpRequest, app: str, name: str, pk: int, field: str) -> HttpResponse:
    """The field as a small form; with POST, save it: 422 says what is wrong, 409 what somebody else wrote meanwhile."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    if request.method == "POST":
        return _save(request, entity, user, pk, field)
    record = find_record(entity, user, pk, "change")
    return _show(request, _form(entity, user, record, field)(instance=record, user=user, auto_id="cell_%s"), field)


@transaction.atomic
def _save(request: HttpRequest, entity: Entity, user: User, pk: int, field: str) -> HttpResponse:
    record = find_record(entity, user, pk, "change", lock=True)
    made, data = _form(entity, user, record, field), request.POST.copy()
    form = made(data, instance=record, user=user, auto_id="cell_%s")
    if not form.is_valid():
        return _show(request, form, field, status=422)
    conflict = conflict_of(form, None, record, user)
    if conflict:
        # Saving again is meant: it answers for the version that is shown now.
        data["version"] = str(record.version)
        return _show(request, form, field, conflict, status=409)
    try:
        with transaction.atomic():
            change(entity, form, user)
    except (Denied, Invalid) as error:
        form.add_error(field, str(error))
        return _show(request, form, field, status=422)
    command = undo.remember([record], user, "change", gettext_lazy("Edited"))
    response = HttpResponse(status=204)
    # What stayed as it was needs no word, and nothing on the page is out of date.
    return saved(toast(response, _("Saved"), action=button(command)), pk) if command else response


def _form(entity: Entity, user: User, record: Record, field: str) -> type[RecordForm]:
    fields = catalogue(entity, user)
    if fields.get(field) is None:
        raise Http404
    if field not in fields.writable(record):
        raise Denied(_("Your role does not allow changing this field."))
    return form_class(entity, user, record, [field])


def _show(
    request: HttpRequest, form: RecordForm, field: str, conflict: Conflict | None = None, status: int = 200
) -> HttpResponse:
    shown: Any = form[field]
    shown.field.widget.attrs["aria-label"] = capfirst(str(shown.label))
    errors = [text for texts in form.errors.values() for text in texts]
    context = {"form": form, "field": shown, "errors": errors, "conflict": conflict}
    return render(request, "inline/cell.html", context, status=status)
