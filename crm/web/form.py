"""Creating and editing a record: on a page of its own, or with the most important fields in a drawer.

Both are the same form and the same two views; htmx says with HX-Target where the answer goes.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.messages import success
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.entity import saving
from crm.entity.catalogue import catalogue
from crm.entity.declare import Entity
from crm.entity.forms import RecordForm, form_class, quick_fields
from crm.entity.lines import LineRows
from crm.flow import undo
from crm.flow.models import Command
from crm.kernel.errors import Denied, Invalid
from crm.org.models import User
from crm.record.models import Record
from crm.record.submissions import once
from crm.web.conflict import Conflict, answer_for_now, conflict_of, has_chosen, take_chosen
from crm.web.doors import find_entity, find_record, signed_in
from crm.web.form_page import FormPage
from crm.web.htmx import is_fragment, saved, toast
from crm.web.lines import BLANK, MORE
from crm.web.undo import address, button

DRAWER = "drawer-body"
MORE_LINES = "more-lines"
MINUTE = 60  # seconds


def new(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Create a record; the query string fills in declared fields."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    if not entity.can(user, entity.add_perm):
        raise Denied(_("Your role does not include this. Ask an administrator for the right."))
    asked = Asked(request, entity, user)
    if asked.in_drawer and entity.lines:
        # Lines need the width of a page.
        return HttpResponse(status=204, headers={"HX-Redirect": request.get_full_path()})
    if request.method != "POST":
        return asked.show(asked.form(initial=asked.prefilled()), asked.lines())
    if asked.only_shows:
        return asked.show(asked.form(initial=request.POST.dict()), asked.lines(request.POST))
    form, lines = asked.form(request.POST, instance=entity.model()), asked.lines(request.POST)
    if not valid(form, lines):
        return asked.show(form, lines, status=422)
    try:
        pk, fresh = once(user, request.POST.get("token", ""), lambda: saving.create(entity, form, user, lines))
    except (Denied, Invalid) as error:
        return asked.show(_refused(form, entity, error), lines, status=422)
    return asked.done(pk, _("Saved") if fresh else _("This was saved already"))


def edit(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Change a record, unless somebody else changed the same fields meanwhile: then both versions are shown."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    record = find_record(entity, user, pk, "change")
    asked = Asked(request, entity, user, record)
    if request.method != "POST":
        return asked.show(asked.form(instance=record), asked.lines())
    if asked.only_shows:
        form = asked.form(instance=record, initial=request.POST.dict())
        # What was typed answers for the version that it was typed over.
        form.initial["version"] = request.POST.get("version")
        return asked.show(form, asked.lines(request.POST))
    try:
        return _change(asked, pk)
    except (Denied, Invalid) as error:
        form, lines = asked.form(request.POST, instance=record), asked.lines(request.POST)
        valid(form, lines)
        return asked.show(_refused(form, entity, error), lines, status=422)


@transaction.atomic
def _change(asked: "Asked", pk: int) -> HttpResponse:
    entity, user, data = asked.entity, asked.user, asked.request.POST.copy()
    asked.record = record = find_record(entity, user, pk, "change", lock=True)
    if has_chosen(data):
        take_chosen(data, asked.form(instance=record), asked.lines())
    form, lines = asked.form(data, instance=record), asked.lines(data)
    if not valid(form, lines):
        return asked.show(form, lines, status=422)
    conflict = conflict_of(form, lines, record, user)
    if conflict:
        # Saving again is meant: it answers for the versions that are shown now.
        answer_for_now(data, record, lines)
        return asked.show(form, asked.lines(data), conflict, status=409)
    lines_changed = lines is not None and lines.has_changed
    saving.change(entity, form, user, lines)
    # Undoing writes back the record's own columns, which would be a part of it only.
    command = None if lines_changed else undo.remember([record], user, "change", gettext_lazy("Edited"))
    return asked.done(pk, _("Saved"), command)


def valid(form: RecordForm, lines: LineRows | None) -> bool:
    """Whether all can be saved; both are asked, so that everything wrong is told at once."""
    return all([form.is_valid(), lines is None or lines.is_valid()])


def _refused(form: RecordForm, entity: Entity, error: Denied | Invalid) -> RecordForm:
    """The form with a refusal at the field that it is about."""
    at_parent = entity.model.parent_field if entity.model.parent_field in form.fields else None
    errors = error.errors if isinstance(error, Invalid) else {at_parent: [error.text]}
    for name, texts in errors.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, str(text))
    return form


class Asked:
    """One request for a form: how it is built, shown and left."""

    def __init__(self, request: HttpRequest, entity: Entity, user: User, record: Record | None = None) -> None:
        self.request, self.entity, self.user, self.record = request, entity, user, record

    @property
    def in_drawer(self) -> bool:
        """Whether the answer goes into the drawer."""
        return is_fragment(self.request) and self.request.headers.get("HX-Target") == DRAWER

    def form(self, *data: Any, **options: Any) -> RecordForm:
        """The entity's form for this user; in the drawer with some of the fields."""
        made = form_class(self.entity, self.user, self.record, self._some_fields() if self.in_drawer else ())
        # Not Django's "id_…": the page behind a drawer may have fields of the same names.
        return made(*data, user=self.user, auto_id="record_%s", **options)

    @property
    def only_shows(self) -> bool:
        """Whether what was sent is to be shown again, not saved: with all fields, or with more empty lines."""
        return not self.request.POST.keys().isdisjoint(("whole", MORE_LINES))

    def lines(self, data: Any = None) -> LineRows | None:
        """The lines of the record, or what was sent for them; None where there are none or the drawer leaves them."""
        if self.entity.lines is None or self.in_drawer:
            return None
        blank = MORE if MORE_LINES in self.request.POST else BLANK
        return LineRows(self.entity.lines, self.user, self.record, data, blank=blank, judged=not self.only_shows)

    def _some_fields(self) -> Sequence[str]:
        """The fields of the section that the query string numbers, else the quick ones."""
        number = self.request.GET.get("section", "")
        sections = catalogue(self.entity, self.user).sections
        if self.record and number.isascii() and number.isdigit() and int(number) < len(sections):
            return sections[int(number)].fields
        return quick_fields(self.entity, self.user)

    def prefilled(self) -> dict[str, str]:
        """What the query string says about fields of the form; of others what the user chose last time."""
        given, writable = self.request.GET, catalogue(self.entity, self.user).writable()
        asked = {name: str(given[name]) for name in given if name in writable and given[name]}
        return {**self._remembered(), **asked}

    def _remembered(self) -> dict[str, Any]:
        names = [name for name in self.entity.remembered if name in catalogue(self.entity, self.user).writable()]
        if not names:
            return {}
        mine = self.entity.queryset(self.user).filter(owner=self.user, created_by=self.user)
        last = mine.order_by("-created_at", "-pk").only(*names).first()
        return {name: last.serializable_value(name) for name in names} if last else {}

    def _focus(self, form: RecordForm) -> None:
        """Let typing begin where something is missing; a page that says what is wrong has the focus there."""
        shown = [form[name] for name in form.fields if not form[name].is_hidden]
        empty = [field for field in shown if field.field.required and not field.value()]
        for field in (empty or shown)[:1]:
            field.field.widget.attrs["autofocus"] = True

    def show(
        self, form: RecordForm, lines: LineRows | None, conflict: Conflict | None = None, status: int = 200
    ) -> HttpResponse:
        """The form, in the drawer or on its page."""
        template = "record/drawer.html" if self.in_drawer else "record/form.html"
        if not form.is_bound and not self.record:
            self._focus(form)
        page = FormPage(
            self.request, self.entity, self.record, form, lines=lines, conflict=conflict, in_drawer=self.in_drawer
        )
        return render(self.request, template, {"page": page}, status=status)

    def done(self, pk: int, text: str, command: Command | None = None) -> HttpResponse:
        """After saving: the drawer closes; the page goes on to the record or to the next new one."""
        if self.in_drawer:
            return saved(toast(HttpResponse(status=204), text, action=button(command)), pk)
        success(self.request, text, extra_tags=address(command))
        again = self.request.POST.get("then") == "new"
        answer = redirect(self.request.get_full_path() if again else self.entity.url("detail", pk))
        # The next page forgets the draft of the form that is saved now.
        answer.set_cookie(
            "saved", quote(self.request.POST.get("token", "")), max_age=MINUTE, samesite="Lax", secure=settings.HTTPS
        )
        return answer
