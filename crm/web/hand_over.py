"""The pages on which a leaving user's records go to colleagues, and the account is closed."""

from typing import Any

from django.contrib.messages import success
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.audit.models import Entry
from crm.entity.hand_over import AT_ONCE, Belonging, belongings, check, hand_over, may_hand_over
from crm.jobs import queue
from crm.jobs.models import Job
from crm.kernel.errors import Denied, Refused
from crm.kernel.phrases import phrase
from crm.org import accounts
from crm.org.models import User
from crm.web.doors import signed_in

JOB = "hand-over"


def choose(request: HttpRequest) -> HttpResponse:
    """Whose records are to be handed over."""
    user = signed_in(request.user)
    if not may_hand_over(user):
        raise Denied(_("You may not hand over anything."))
    chosen = request.GET.get("person", "")
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
        return redirect("hand-over", pk=int(chosen))
    people = User.objects.exclude(pk=user.pk).select_related("department")
    return render(request, "hand_over/choose.html", {"people": people})


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """What they own, who receives it, what was handed over before."""
    user = signed_in(request.user)
    leaver = get_object_or_404(User.objects.select_related("department"), pk=pk)
    found = belongings(leaver, user)
    refused = None
    if request.method == "POST":
        try:
            return _hand_over(request, leaver, user, found)
        except Refused as refusal:
            if refusal.status == 403:
                raise
            refused = refusal
    context = {
        "leaver": leaver,
        "found": [(belonging, request.POST.get(f"to:{belonging.entity.key}", "")) for belonging in found],
        "people": User.objects.filter(is_active=True).exclude(pk=leaver.pk).select_related("department"),
        "all": request.POST.get("to", ""),
        "before": Entry.objects.filter(entity="org.user", record_id=leaver.pk, action="hand_over").select_related("by"),
        "running": Job.objects.filter(kind=JOB, payload__leaver=leaver.pk, finished_at=None).exists(),
        "may_close": user.is_staff and leaver.is_active and leaver.pk != user.pk,
        "refused": refused,
    }
    return render(request, "hand_over/page.html", context, status=422 if refused else 200)


def step(job: Job) -> bool:
    """The job of a large hand-over: one transaction."""
    people = User.objects.in_bulk([job.payload["leaver"], *job.payload["receivers"].values()])
    receivers = {key: people[pk] for key, pk in job.payload["receivers"].items()}
    by: Any = job.by
    counts = hand_over(people[job.payload["leaver"]], receivers, by)
    job.counters, job.done = counts, sum(counts.values())
    return False


@transaction.atomic
def _hand_over(request: HttpRequest, leaver: User, user: User, found: list[Belonging]) -> HttpResponse:
    receivers = _receivers(request, found)
    close = request.POST.get("close") == "on" and user.is_staff and leaver.is_active
    if receivers or not close:
        check(leaver, receivers, user)
    if close:
        accounts.deactivate(leaver, by=user)
        success(request, _("The account of %(person)s is closed.") % {"person": leaver})
    count = sum(belonging.count for belonging in found if belonging.entity.key in receivers)
    if count > AT_ONCE:
        payload = {"leaver": leaver.pk, "receivers": {key: receiver.pk for key, receiver in receivers.items()}}
        title = phrase(gettext_lazy("Hand-over of {person}"), person=str(leaver))
        queue.start(JOB, user, payload, title=title, total=count)
        success(request, _("The hand-over runs in the background. You can leave this page."))
    elif receivers:
        done = sum(hand_over(leaver, receivers, user).values())
        success(
            request, ngettext("%(count)s record handed over", "%(count)s records handed over", done) % {"count": done}
        )
    return redirect("hand-over", pk=leaver.pk)


def _receivers(request: HttpRequest, found: list[Belonging]) -> dict[str, User]:
    """Entity key → who receives its records: the one chosen for it, else the one chosen for all."""
    everything = request.POST.get("to", "")
    wanted = {one.entity.key: request.POST.get(f"to:{one.entity.key}") or everything for one in found if one.count}
    ids = {key: int(pk) for key, pk in wanted.items() if pk.isascii() and pk.isdigit() and len(pk) < 19}
    people = User.objects.in_bulk(set(ids.values()))
    return {key: people[pk] for key, pk in ids.items() if pk in people}


urlpatterns = [
    path("", choose, name="hand-over-choose"),
    path("<int:pk>/", page, name="hand-over"),
]
