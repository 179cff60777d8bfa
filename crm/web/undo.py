"""Taking back what one did: by the button of the notice, or from the list of recent actions."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.messages import success
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from crm.entity.declare import Entity
from crm.flow import undo as commands
from crm.flow.models import Command
from crm.flow.undo import Undone
from crm.kernel import registry
from crm.org.models import User
from crm.web.doors import signed_in
from crm.web.htmx import Kind, is_fragment, saved, toast, trigger

PAGE = 20
# How many refusals a notice tells.
TOLD = 3


def button(command: Command | None) -> tuple[str | Promise, str] | None:
    """Label and address of the button that a notice offers; None for what cannot be taken back."""
    return (_("Undo"), address(command)) if command else None


def address(command: Command | None) -> str:
    """Where an undo is asked for; empty for what cannot be taken back."""
    return reverse("undo", args=[command.token]) if command else ""


@require_POST
def undo(request: HttpRequest, token: UUID) -> HttpResponse:
    """Take one's own command back; the page behind shows what is true now."""
    user = signed_in(request.user)
    undone = commands.undo(token, user)
    command = Command.objects.defer("payload").get(token=token)
    text = _told(undone)
    if not is_fragment(request):
        success(request, text)
        return redirect(f"{reverse('messages')}?tab=recent")
    entity = registry.find(command.entity)
    if entity and command.record_id and _left_behind(request, entity, command.record_id, user):
        success(request, text)
        return HttpResponse(status=204, headers={"HX-Redirect": entity.url("list")})
    response = trigger(HttpResponse(status=204), "messages")
    kind: Kind = "danger" if undone.refused else "success"
    return saved(toast(response, text, kind), command.record_id, stay=True)


@dataclass(frozen=True)
class Recent:
    """One line of the recent actions."""

    command: Command
    url: str  # of the record, if it is one that the reader may see
    record: str  # its name
    place: str  # the list that it is about
    undo: str  # where it is undone; empty once it has been


def recent_rows(user: User, before: int | None = None) -> tuple[list[Recent], int | None]:
    """A page of the user's recent actions, and `before` of the next page; one query for each kind of record."""
    found = commands.recent(user)
    page = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    names = _names(page[:PAGE], user)
    older = page[PAGE - 1].pk if len(page) > PAGE else None
    return [_row(command, names) for command in page[:PAGE]], older


def _row(command: Command, names: dict[tuple[str, int], str]) -> Recent:
    entity: Entity | None = registry.find(command.entity)
    name = names.get((command.entity, command.record_id or 0), "")
    return Recent(
        command=command,
        url=entity.url("detail", command.record_id) if entity and name else "",
        record=name,
        place=entity.label if entity else "",
        undo="" if command.undone_at else address(command),
    )


def _names(page: list[Command], user: User) -> dict[tuple[str, int], str]:
    wanted: dict[str, set[int]] = {}
    for command in page:
        if command.record_id:
            wanted.setdefault(command.entity, set()).add(command.record_id)
    names: dict[tuple[str, int], str] = {}
    for key, ids in wanted.items():
        entity: Entity | None = registry.find(key)
        rows: Any = entity.queryset(user).filter(pk__in=ids).defer("search") if entity else ()
        names |= {(key, record.pk): str(record) for record in rows}
    return names


def _told(undone: Undone) -> str:
    if undone.before:
        return _("This was undone already")
    if not undone.refused:
        return _("Undone")
    left = [f"{record}: {reason}" for record, reason in undone.refused[:TOLD]]
    text = ngettext("%(count)s record undone", "%(count)s records undone", undone.count) % {"count": undone.count}
    return "; ".join([text, *left])


def _left_behind(request: HttpRequest, entity: Entity, pk: int, user: User) -> bool:
    """Whether the page in front shows a record that its reader can no longer see."""
    path = urlsplit(request.headers.get("HX-Current-URL", "")).path
    pages = [one.url("detail", pk) for one in registry.entities() if one.model is entity.model]
    return path.startswith(tuple(pages)) and not entity.queryset(user).filter(pk=pk).exists()
