"""Bulk edit (批量修改): ask for a field and its value, change the chosen records, tell what came of each."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.contrib.messages import success
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from crm.entity.bulk_edit import PREFIX, TITLE, changeable, edit, value_form
from crm.entity.declare import Entity
from crm.entity.forms import RecordForm
from crm.entity.query import Count, ListQuery
from crm.flow.run import Outcome
from crm.jobs import queue
from crm.jobs.models import Job
from crm.kernel import registry
from crm.kernel.errors import Denied, Refused
from crm.kernel.phrases import phrase
from crm.org.access import current_stamp
from crm.org.models import User
from crm.web.doors import find_entity, signed_in
from crm.web.htmx import closed, is_fragment, saved, toast, trigger
from crm.web.undo import address, button

FIELD = "bulk-field"
KIND = "bulk-edit"
AT_ONCE = 500  # records that are changed while the user waits
CHUNK = 200
# Refusals that the result of a job names.
TOLD = 200


def bulk_edit(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Ask; with POST, do."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    if not entity.can(user, "change"):
        raise Denied(_("Your role does not include this. Ask an administrator for the right."))
    dialog = Dialog(request, entity, user)
    if request.method != "POST" or not dialog.path:
        return dialog.show(value_form(entity, user, dialog.path) if dialog.path else None)
    form = value_form(entity, user, dialog.path, request.POST)
    if not form.is_valid():
        return dialog.show(form, status=422)
    if dialog.count.more or dialog.count.number > AT_ONCE:
        return _started(request, entity, _start(dialog, user))
    return _told(request, entity, edit(entity, user, dialog.ids, dialog.path, request.POST))


def result(request: HttpRequest, app: str, name: str, job: int) -> HttpResponse:
    """What a job left as it was, and why, as far as its owner still sees these records."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    found = get_object_or_404(Job, pk=job, by=user, kind=KIND, payload__entity=entity.key)
    reasons: dict[int, str] = dict(found.cursor.get("refused", []))
    seen = entity.queryset(user).in_bulk(list(reasons))
    refused = [(seen[pk], reason) for pk, reason in reasons.items() if pk in seen]
    outcome = Outcome(done=[None] * found.counters.get("done", 0), refused=refused)
    context = {"action": {"label": TITLE}, "text": done_text(len(outcome.done)), "outcome": outcome, "entity": entity}
    return render(request, "record/outcome_page.html", context)


def step(job: Job) -> bool:
    """One chunk of a large bulk edit; whether more is left."""
    entity: Entity | None = registry.find(job.payload["entity"])
    user: Any = job.by
    if entity is None:
        raise Refused(_("There is no such list any more."))
    user.org_stamp = current_stamp()
    rows = _rows(entity, user, QueryDict(job.payload["query"]), job.payload["ids"])
    rest = rows.filter(pk__gt=job.cursor.get("last", 0), pk__lte=job.payload["until"]).order_by("pk")
    ids = list(rest.values_list("pk", flat=True)[:CHUNK])
    if not ids:
        return False
    with override(user.language or None):
        outcome = edit(entity, user, ids, job.payload["path"], QueryDict(job.payload["data"]))
    known = job.cursor.get("refused", [])
    refused = [*known, *([record.pk, reason] for record, reason in outcome.refused)]
    job.cursor = {"last": ids[-1], "refused": refused[:TOLD]}
    job.done += len(ids)
    for name, number in (("done", len(outcome.done)), ("refused", len(outcome.refused))):
        job.counters[name] = job.counters.get(name, 0) + number
    return len(ids) == CHUNK


def done_text(count: int) -> str:
    """How many records were changed, in words."""
    return ngettext("%(count)s record changed", "%(count)s records changed", count) % {"count": count}


class Dialog:
    """What is asked."""

    def __init__(self, request: HttpRequest, entity: Entity, user: User) -> None:
        self.request, self.entity, self.user = request, entity, user
        self.sent = request.POST if request.method == "POST" else request.GET

    def show(self, form: RecordForm | None, status: int = 200) -> HttpResponse:
        """The dialog, or for browsers without scripts a page with the same content."""
        if not self.takes_all and not self.ticked:
            raise Refused(_("Choose at least one record."))
        template = "bulk_edit/dialog.html" if is_fragment(self.request) else "bulk_edit/page.html"
        shown = [form[name] for name in form.fields if not form[name].is_hidden] if form else []
        return render(self.request, template, {"dialog": self, "form": form, "fields": shown}, status=status)

    # -- which records

    @property
    def takes_all(self) -> bool:
        """Whether every row that the list's query finds is meant."""
        return "all" in self.sent

    @cached_property
    def ticked(self) -> list[int]:
        """The chosen ids."""
        given = dict.fromkeys(self.sent.getlist("ids"))
        return [int(pk) for pk in given if pk.isascii() and pk.isdigit() and len(pk) < 19]

    @property
    def query(self) -> str:
        """The list's query as text, without what belongs to this dialog."""
        params = self.request.GET.copy()
        for name in list(params):
            if name in ("all", "ids", "page", "csrfmiddlewaretoken", FIELD) or name.startswith(f"{PREFIX}-"):
                del params[name]
        return params.urlencode()

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """The chosen records."""
        return _rows(self.entity, self.user, QueryDict(self.query), None if self.takes_all else self.ticked)

    @cached_property
    def count(self) -> Count:
        """How many there are."""
        if self.takes_all:
            return ListQuery(self.entity, QueryDict(self.query), self.user).count
        return Count(self.rows.count(), more=False)

    @property
    def ids(self) -> list[int]:
        """The ids of the chosen records that the user sees."""
        return list(self.rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])

    @property
    def hidden(self) -> list[tuple[str, Any]]:
        """The choice, as hidden fields."""
        return [("all", 1)] if self.takes_all else [("ids", pk) for pk in self.ticked]

    # -- which field

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        """Path and label of what may be changed."""
        return [(column.path, capfirst(str(column.label))) for column in changeable(self.entity, self.user)]

    @cached_property
    def path(self) -> str:
        """The chosen field; empty while none is."""
        wanted = self.sent.get(FIELD, "")
        return wanted if wanted in dict(self.choices) else ""

    # -- words and addresses

    @property
    def url(self) -> str:
        """Where it is asked and sent to."""
        return f"{self.entity.url('bulk-edit')}?{self.query}" if self.query else self.entity.url("bulk-edit")

    @property
    def title(self) -> str:
        """What is about to happen, and to how many."""
        words = {"count": self.count, "entities": self.entity.model._meta.verbose_name_plural}
        return _("Change %(count)s %(entities)s") % words

    @property
    def in_background(self) -> bool:
        """Whether there are so many that nobody should wait."""
        return self.count.more or self.count.number > AT_ONCE


def _rows(entity: Entity, user: User, params: QueryDict, ids: Sequence[int] | None) -> QuerySet[Any]:
    if ids is not None:
        return entity.list_queryset(user).filter(pk__in=ids)
    return ListQuery(entity, params, user).matching.order_by()


def _start(dialog: Dialog, user: User) -> Job:
    last = dialog.rows.order_by("-pk").values_list("pk", flat=True).first()
    return queue.start(
        KIND,
        user,
        {
            "entity": dialog.entity.key,
            "query": dialog.query,
            "ids": None if dialog.takes_all else dialog.ticked,
            "until": last or 0,
            "path": dialog.path,
            "data": dialog.sent.urlencode(),
        },
        title=phrase(TITLE),
        total=dialog.rows.count(),
    )


def _started(request: HttpRequest, entity: Entity, job: Job) -> HttpResponse:
    text = _("The change runs in the background. Its result will be in the message centre.")
    if is_fragment(request):
        return closed(trigger(toast(HttpResponse(status=204), text), "messages"))
    success(request, text)
    return redirect(f"{reverse('messages')}?tab=jobs")


def _told(request: HttpRequest, entity: Entity, outcome: Outcome) -> HttpResponse:
    text = done_text(len(outcome.done))
    if outcome.refused:
        context = {"action": {"label": TITLE}, "text": text, "outcome": outcome, "entity": entity}
        context["undo"] = address(outcome.undo)
        if is_fragment(request):
            return saved(render(request, "record/outcome.html", context), stay=True)
        return render(request, "record/outcome_page.html", context)
    if is_fragment(request):
        return saved(toast(HttpResponse(status=204), text, action=button(outcome.undo)))
    success(request, text, extra_tags=address(outcome.undo))
    return redirect(entity.url("list"))


urlpatterns = [
    path("bulk-edit/", bulk_edit, name="bulk-edit"),
    path("bulk-edit/<int:job>/", result, name="bulk-edit-result"),
]
