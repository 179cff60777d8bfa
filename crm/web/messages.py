"""The bell and the message centre: unread and read messages, and one's own jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from crm.flow import undo
from crm.flow.models import Command
from crm.flow.run import run
from crm.jobs import handlers, queue
from crm.jobs.models import ACTIVE, Job, State
from crm.kernel import registry
from crm.kernel.phrases import phrase, said
from crm.notify import inbox
from crm.notify.models import Message
from crm.org.models import User
from crm.web.doors import signed_in
from crm.web.htmx import is_fragment, saved, toast, trigger
from crm.web.message_rows import MessageRow, message_rows
from crm.web.undo import Recent, button, recent_rows

TABS = {
    "unread": gettext_lazy("Unread"),
    "read": gettext_lazy("Read"),
    "jobs": gettext_lazy("Imports and exports"),
    "recent": pgettext_lazy("messages", "Recent actions"),
}
PAGE = 20
COLOURS = {State.RUNNING: "primary", State.DONE: "success", State.FAILED: "danger"}
# Seconds between two polls of a page that is seen.
WHILE_JOBS_RUN = 2
OTHERWISE = 20
STOP_POLLING = 286  # htmx takes this status as the end of a poll


@dataclass(frozen=True)
class JobRow:
    """A job with what its kind says of it."""

    job: Job
    summary: str
    links: Sequence[handlers.Link]
    retry: int  # 1 for the second attempt at a chunk, 0 for the first

    @property
    def colour(self) -> str:
        """The tag's colour; waiting and cancelled jobs have none."""
        return COLOURS.get(State(self.job.state), "neutral")


@dataclass(frozen=True)
class Panel:
    """One tab's page of messages or jobs."""

    tab: str
    messages: list[MessageRow]
    jobs: list[JobRow]
    before: int | None  # what came before this id is shown; None for the first page
    older: int | None  # the next page's `before`
    recent: Sequence[Recent] = ()

    @property
    def is_live(self) -> bool:
        """Whether the poll keeps it up to date: the first page of jobs."""
        return self.tab == "jobs" and self.before is None

    @property
    def query(self) -> str:
        """The parameters that ask for it again."""
        return urlencode({"tab": self.tab} | ({"before": self.before} if self.before else {}))


@require_safe
def poll(request: HttpRequest) -> HttpResponse:
    """The bell's numbers, and what is new since the id that the browser has seen: two queries."""
    user = request.user
    if not user.is_authenticated:
        return HttpResponse(status=STOP_POLLING)
    seen = request.GET.get("since", "")
    unread = inbox.unread(user, int(seen) if seen.isdecimal() else None)
    panel = jobs_panel(user) if request.GET.get("panel") == "jobs" else None
    running = sum(row.job.active for row in panel.jobs) if panel else _active_jobs(user)
    context = {
        "unread": unread,
        "shown": f"{inbox.SHOWN}+" if unread.count > inbox.SHOWN else unread.count,
        "running": running,
        "seconds": WHILE_JOBS_RUN if running else OTHERWISE,
        "panel": panel,
        "polled": True,
    }
    response = render(request, "messages/poll.html", context)
    return trigger(toast(response, _news(unread.news)), "news") if unread.news else response


@require_safe
def drawer(request: HttpRequest) -> HttpResponse:
    """The message centre beside the page."""
    return render(request, "messages/drawer.html", _context(request))


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The message centre as a page, or its panel alone."""
    template = "messages/panel.html" if is_fragment(request) else "messages/page.html"
    return render(request, template, _context(request))


@require_safe
def open_message(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a message as read and go where it leads; the page there decides whether its reader may see it."""
    message = _own(request, pk)
    inbox.mark_read(message.user, pk)
    entity = registry.find(message.entity)
    return redirect(entity.url("detail", message.record_id) if entity else message.path or "messages")


@require_POST
def act(request: HttpRequest, pk: int, action_name: str) -> HttpResponse:
    """Do one of the actions that a message offers on its record, and mark it as read."""
    message = _own(request, pk)
    entity = registry.find(message.entity)
    action = entity.action(action_name) if entity and action_name in message.actions else None
    if entity is None or action is None or message.record_id is None:
        raise Http404
    outcome = run(action, entity.model, [message.record_id], by=message.user)
    inbox.mark_read(message.user, pk)
    text = _("Done: %(action)s") % {"action": action.label}
    return saved(toast(_changed(request), text, action=button(outcome.undo)), message.record_id)


@require_POST
def mark_read(request: HttpRequest) -> HttpResponse:
    """Mark one message as read, or all of them where none is named; can be undone."""
    named = [int(pk) for pk in request.POST.getlist("pk") if pk.isdecimal()]
    user = signed_in(request.user)
    at = inbox.mark_read(user, *named)
    if at is None:
        return toast(_changed(request), _("Nothing is unread"))
    text = gettext_lazy("Marked as read") if named else gettext_lazy("All marked as read")
    command = undo.keep(user, "messages.read", text, {"at": at.isoformat()})
    return toast(_changed(request), text, action=button(command))


def _unread_again(command: Command, user: User) -> undo.Undone:
    return undo.Undone(inbox.mark_unread(user, datetime.fromisoformat(command.payload["at"])))


undo.reversible("messages.read", _unread_again)


@require_POST
def cancel_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop one of one's own jobs; what it has done so far stays."""
    stopped = queue.cancel(pk, signed_in(request.user))
    text = _("The job stops after its current step; what is done stays") if stopped else _("The job has already ended")
    return toast(_changed(request), text)


def tell_owner(event: queue.JobEnded) -> None:
    """Tell whoever started a job that it has ended, unless they cancelled it themselves."""
    job = event.job
    titles = {
        State.DONE: gettext_lazy("Finished: {job}"),
        State.FAILED: gettext_lazy("Not finished: {job}"),
        State.CANCELLED: gettext_lazy("Stopped: {job}"),
    }
    if job.by is None or (job.state == State.CANCELLED and job.error is None):
        return
    title = phrase(titles[State(job.state)], job=job.title)
    inbox.send([job.by], "job", title, body=job.error or _summary(job), path=f"{reverse('messages')}?tab=jobs")


def jobs_panel(user: User, before: int | None = None) -> Panel:
    """A page of the user's jobs, those that wait or run first."""
    active_first = Case(When(state__in=ACTIVE, then=Value(0)), default=Value(1))
    jobs = Job.objects.filter(by=user).order_by(active_first, "-pk")
    if before:
        jobs = jobs.exclude(state__in=ACTIVE).filter(pk__lt=before)
    found = list(jobs[: PAGE + 1])
    return Panel("jobs", [], [_job_row(job) for job in found[:PAGE]], before, _older(found))


def messages_panel(user: User, tab: str, before: int | None = None) -> Panel:
    """A page of the user's read or unread messages, newest first."""
    messages = inbox.read_of(user) if tab == "read" else inbox.unread_of(user)
    if before:
        messages = messages.filter(pk__lt=before)
    found = list(messages.order_by("-pk")[: PAGE + 1])
    return Panel(tab, message_rows(found[:PAGE], user), [], before, _older(found))


def _context(request: HttpRequest) -> dict[str, Any]:
    user, tab, before = signed_in(request.user), request.GET.get("tab", ""), request.GET.get("before", "")
    tab = tab if tab in TABS else "unread"
    after = int(before) if before.isdecimal() else None
    return {"panel": _panel(user, tab, after), "tabs": TABS.items()}


def _panel(user: User, tab: str, before: int | None) -> Panel:
    if tab == "recent":
        rows, older = recent_rows(user, before)
        return Panel(tab, [], [], before, older, rows)
    return jobs_panel(user, before) if tab == "jobs" else messages_panel(user, tab, before)


def _older(found: Sequence[Any]) -> int | None:
    return found[PAGE - 1].pk if len(found) > PAGE else None


def _own(request: HttpRequest, pk: int) -> Message:
    return get_object_or_404(Message.objects.select_related("user"), pk=pk, user=signed_in(request.user))


def _changed(request: HttpRequest) -> HttpResponse:
    """What follows a change: the bell and the panel that is open load again."""
    if not is_fragment(request):
        return redirect("messages")
    return trigger(HttpResponse(status=204), "messages")


def _news(titles: Sequence[str]) -> str:
    if len(titles) == 1:
        return titles[0]
    return ngettext("%(n)s new message", "%(n)s new messages", len(titles)) % {"n": len(titles)}


def _active_jobs(user: User) -> int:
    return Job.objects.filter(by=user, state__in=ACTIVE).count()


def _summary(job: Job) -> Any:
    handler = handlers.find(job.kind)
    return handler.summary(job) if handler else None


def _job_row(job: Job) -> JobRow:
    handler, summary = handlers.find(job.kind), _summary(job)
    links = handler.links(job) if handler else ()
    return JobRow(job, said(summary) if summary else "", links, max(0, job.attempts - 1) if job.active else 0)


urlpatterns = [
    path("", page, name="messages"),
    path("drawer/", drawer, name="messages-drawer"),
    path("poll/", poll, name="messages-poll"),
    path("read/", mark_read, name="messages-read"),
    path("<int:pk>/", open_message, name="message"),
    path("<int:pk>/do/<slug:action_name>/", act, name="message-act"),
    path("jobs/<int:pk>/cancel/", cancel_job, name="job-cancel"),
]
