"""Doing something with one record or with a selection: ask in a dialog, run, tell what came of it.

Deleting is an action like the others; only its address is its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.contrib.messages import success
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.entity.declare import Entity
from crm.entity.query import ListQuery
from crm.flow.action import Action
from crm.flow.delete import delete as delete_action
from crm.flow.models import Command
from crm.flow.run import MOST_AT_ONCE, Outcome, check, run
from crm.kernel import registry
from crm.kernel.errors import Denied, Refused
from crm.org.models import User
from crm.web.doors import find_entity, signed_in
from crm.web.htmx import is_fragment, saved, toast
from crm.web.undo import address, button

DIALOG = "dialog-body"
# Names of chosen records that the dialog shows.
SHOWN = 5


def do(request: HttpRequest, app: str, name: str, pk: int, action: str) -> HttpResponse:
    """An action of the entity on one record."""
    asked = _asked(request, app, name, action)
    return _answer(asked, [pk])


def do_selected(request: HttpRequest, app: str, name: str, action: str) -> HttpResponse:
    """An action of the entity on the chosen records of its list."""
    asked = _asked(request, app, name, action)
    if asked.action.bulk is None:
        raise Http404
    return _answer(asked, chosen(request, asked.entity, asked.user), bulk=True)


def delete(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Delete one record."""
    return _answer(_asked(request, app, name), [pk])


def delete_selected(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Delete the chosen records of a list."""
    asked = _asked(request, app, name)
    return _answer(asked, chosen(request, asked.entity, asked.user), bulk=True)


def chosen(request: HttpRequest, entity: Entity, user: User) -> list[int]:
    """The ids that a list sends: ticked rows, or with `all` every row that its query finds.

    Raises `Refused` for none and for more than fit into one go.
    """
    params = request.POST if request.method == "POST" else request.GET
    if "all" in params:
        query = ListQuery(entity, request.GET, user)
        query.refuse_unreadable()
        ids = list(query.matching.order_by("pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    else:
        ids = [int(pk) for pk in dict.fromkeys(params.getlist("ids")) if pk.isascii() and pk.isdigit() and len(pk) < 19]
    if not ids:
        raise Refused(_("Choose at least one record."))
    if len(ids) > MOST_AT_ONCE:
        raise Refused(_("At most %(count)s records at once.") % {"count": MOST_AT_ONCE})
    return ids


@dataclass
class Asked:
    """One request for an action."""

    request: HttpRequest
    entity: Entity
    user: User
    action: Action


def _asked(request: HttpRequest, app: str, name: str, action: str | None = None) -> Asked:
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    found = delete_action if action is None else entity.action(action)
    if found is None:
        raise Http404
    return Asked(request, entity, user, found)


def _answer(asked: Asked, ids: Sequence[int], *, bulk: bool = False) -> HttpResponse:
    dialog = Dialog(asked, ids, bulk)
    asks_nothing = asked.action.form is None
    sent = asked.request.method == "POST"
    form = None if asks_nothing else _form(asked, *([asked.request.POST] if sent else []))
    try:
        if not sent or (form is not None and not form.is_valid()):
            # Nobody fills in a form for what would be refused in any case.
            _check(asked, ids, bulk)
            return dialog.show(form, status=422 if sent else 200)
        outcome = run(asked.action, asked.entity.model, ids, by=asked.user, data=form.cleaned_data if form else None)
    except Refused as refused:
        if refused.status != 409 or asked.request.headers.get("HX-Target") != DIALOG:
            raise
        return dialog.show(form, refused, status=409)
    return _told(asked, ids, outcome, bulk)


def _check(asked: Asked, ids: Sequence[int], bulk: bool) -> None:
    if not bulk:
        check(asked.action, asked.entity.model, ids[0], by=asked.user)
    elif not asked.entity.can(asked.user, asked.action.perm):
        raise Denied(_("Your role does not allow “%(action)s”.") % {"action": asked.action.label})


def _form(asked: Asked, *data: Any) -> Form:
    made: Any = asked.action.form
    form: Form = made(*data, user=asked.user, auto_id="action_%s")
    return form


def _told(asked: Asked, ids: Sequence[int], outcome: Outcome, bulk: bool) -> HttpResponse:
    text = done_text(asked.action, len(outcome.done), bulk)
    if outcome.refused:
        context = {"action": asked.action, "text": text, "outcome": outcome, "entity": asked.entity}
        context["undo"] = address(outcome.undo)
        if is_fragment(asked.request):
            response = render(asked.request, "record/outcome.html", context)
            response.headers["HX-Retarget"], response.headers["HX-Reswap"] = f"#{DIALOG}", "innerHTML"
            return saved(response, stay=True)
        return render(asked.request, "record/outcome_page.html", context)
    command = outcome.undo
    return _left(asked, ids[0], text, command) if not bulk else _back_to_list(asked, text, command)


def done_text(action: Action, count: int, bulk: bool) -> str:
    """What was done, as a notice."""
    if not bulk:
        return str(action.done) or _("Done: %(action)s") % {"action": action.label}
    words = {"action": action.label, "count": count}
    return ngettext("%(action)s: %(count)s record done", "%(action)s: %(count)s records done", count) % words


def _left(asked: Asked, pk: int, text: str, command: Command | None) -> HttpResponse:
    """After an action on one record: the same page anew, or the list if the record is out of sight now."""
    gone = not asked.entity.queryset(asked.user).filter(pk=pk).exists()
    if is_fragment(asked.request) and not (gone and _on_page_of(asked, pk)):
        return saved(toast(HttpResponse(status=204), text, action=button(command)), pk)
    success(asked.request, text, extra_tags=address(command))
    target = asked.entity.url("list") if gone else asked.entity.url("detail", pk)
    return HttpResponse(status=204, headers={"HX-Redirect": target}) if is_fragment(asked.request) else redirect(target)


def _back_to_list(asked: Asked, text: str, command: Command | None) -> HttpResponse:
    if is_fragment(asked.request):
        return saved(toast(HttpResponse(status=204), text, action=button(command)))
    success(asked.request, text, extra_tags=address(command))
    return redirect(asked.entity.url("list"))


def _on_page_of(asked: Asked, pk: int) -> bool:
    path = urlsplit(asked.request.headers.get("HX-Current-URL", "")).path
    return any(e.model is asked.entity.model and path.startswith(e.url("detail", pk)) for e in registry.entities())


class Dialog:
    """What the dialog of an action shows."""

    def __init__(self, asked: Asked, ids: Sequence[int], bulk: bool) -> None:
        self.asked, self.ids, self.bulk = asked, ids, bulk
        self.entity, self.action = asked.entity, asked.action

    def show(self, form: Form | None, refused: Refused | None = None, status: int = 200) -> HttpResponse:
        """The dialog, or for browsers without scripts a page with the same content."""
        template = "record/dialog.html" if is_fragment(self.asked.request) else "record/dialog_page.html"
        context = {"dialog": self, "form": form, "refused": refused}
        return render(self.asked.request, template, context, status=status)

    @property
    def url(self) -> str:
        """Where the answer is sent to: with the list's query when that says which records are meant."""
        return self.asked.request.get_full_path() if self._all else self.asked.request.path

    @property
    def sent(self) -> list[tuple[str, Any]]:
        """Which records are meant, as hidden fields."""
        if not self.bulk:
            return []
        return [("all", 1)] if self._all else [("ids", pk) for pk in self.ids]

    @property
    def back(self) -> str:
        """Where "cancel" leads on a page of its own."""
        return self.entity.url("list") if self.bulk else self.entity.url("detail", self.ids[0])

    @property
    def _all(self) -> bool:
        request = self.asked.request
        return "all" in (request.POST if request.method == "POST" else request.GET)

    @property
    def count(self) -> int:
        """How many records are chosen."""
        return len(self.ids)

    @cached_property
    def records(self) -> list[Any]:
        """The first of the chosen records, as far as the user may see them."""
        return list(
            self.entity.queryset(self.asked.user).filter(pk__in=self.ids).order_by("pk").defer("search")[:SHOWN]
        )

    @property
    def rest(self) -> int:
        """How many more there are than `records`."""
        return self.count - len(self.records)

    @property
    def title(self) -> str | Promise:
        """What is about to happen, and to how many."""
        words = {
            "action": self.action.label,
            "count": self.count,
            "entities": self.entity.model._meta.verbose_name_plural,
        }
        return _("%(action)s: %(count)s %(entities)s") % words if self.bulk else self.action.label

    @property
    def button(self) -> str | Promise:
        """The verb, repeated on the button; with the number where it is dangerous."""
        return self.title if self.bulk and self.action.danger else self.action.label
