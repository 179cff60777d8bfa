"""Keeps the indexes over custom fields as the definitions ask for."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from crm.fields.events import FieldsChanged
from crm.jobs import queue
from crm.jobs.handlers import handler
from crm.jobs.models import Job
from crm.jobs.schedule import every, periodic
from crm.kernel.phrases import phrase
from crm.record import custom_indexes

KIND = "fields.indexes"


def start() -> None:
    """Do it in the background."""
    queue.start(KIND, None, {}, title=phrase(_("Bring the indexes of custom fields up to date")))


def fields_changed(event: FieldsChanged) -> None:
    """Somebody changed what is asked for."""
    if custom_indexes.plan():
        start()


@handler(KIND)
def work(job: Job) -> bool:
    """All of it: one index takes seconds for each hundred thousand rows, and does not stand in anybody's way."""
    custom_indexes.carry_out(custom_indexes.plan())
    return False


@periodic(KIND, every(timedelta(minutes=15)))
def catch_up(slot: datetime) -> None:
    """What a failed or killed job left undone."""
    if custom_indexes.plan():
        start()
