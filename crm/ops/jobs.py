"""The nightly check of the invariants."""

from datetime import datetime, time

from django.db.models import Q
from django.utils.translation import gettext_lazy, ngettext_lazy

from crm.jobs import queue
from crm.jobs.handlers import handler
from crm.jobs.models import Job
from crm.jobs.schedule import daily, periodic
from crm.kernel.phrases import phrase
from crm.notify import inbox
from crm.ops import checks
from crm.org.models import User

KIND = "ops.check-invariants"


@periodic(KIND, daily(time(4)))
def start(slot: datetime) -> None:
    """Check in the background, once a night."""
    queue.start(KIND, None, {}, title=phrase(gettext_lazy("Check of the data")), key=f"{KIND}:{slot:%Y-%m-%d}")


@handler(KIND)
def check(job: Job) -> bool:
    """Check everything, and tell the administrators what does not hold."""
    broken = checks.check()
    job.done = job.total = len(checks.every())
    job.counters = {one.invariant.name: one.count for one in broken}
    if broken:
        title = ngettext_lazy(
            "{count} rule about the data does not hold", "{count} rules about the data do not hold", "count"
        )
        inbox.send(
            User.objects.filter(Q(is_superuser=True) | Q(is_staff=True)),
            "invariants",
            phrase(title, count=len(broken)),
            body=phrase(
                gettext_lazy("Run “manage.py check_invariants” to see the rows: {rules}"),
                rules=", ".join(one.invariant.name for one in broken),
            ),
        )
    return False
