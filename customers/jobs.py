"""What customers do at night."""

from datetime import date, datetime, time

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from crm.jobs import queue
from crm.jobs.handlers import handler
from crm.jobs.models import Job, State
from crm.jobs.schedule import daily, periodic
from crm.kernel.phrases import Phrase, phrase
from customers.recycling.run import active_rules, recycle_chunk, warn_ahead


def recycled(job: Job) -> Phrase | None:
    """How many customers went back to a pool."""
    title = ngettext_lazy("{n} customer recycled", "{n} customers recycled", "n")
    return phrase(title, n=job.done) if job.state == State.DONE else None


@handler("customers.recycle", summary=recycled)
def recycle(job: Job) -> bool:
    """Recycle a chunk: rule after rule, by the ids of customers; at last warn of what comes next."""
    day = date.fromisoformat(job.payload["day"])
    rules = active_rules()
    left = [rule for rule in rules if rule.pk >= job.cursor.get("rule", 0)]
    if not left:
        warn_ahead(rules, day)
        return False
    rule = left[0]
    after = job.cursor["after"] if job.cursor.get("rule") == rule.pk else 0
    chunk = recycle_chunk(rule, after, day)
    job.done += chunk.recycled
    job.cursor = {"rule": rule.pk + 1, "after": 0} if chunk.last is None else {"rule": rule.pk, "after": chunk.last}
    return True


@periodic("customers.recycle", daily(time(2)))
def recycle_daily(slot: datetime) -> None:
    """Start the run of the day, once."""
    if active_rules():
        day = f"{slot:%Y-%m-%d}"
        title = phrase(_("Recycle customers by the rules"))
        queue.start("customers.recycle", None, {"day": day}, title=title, key=f"customers.recycle:{day}")
