"""The Celery application. It carries wake-up messages only; the job table knows what there is to do."""

from typing import Any

from celery import Celery, bootsteps

app = Celery("crm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="tasks")


class SweepOnConnect(bootsteps.StartStopStep):
    """A worker that starts, or finds its broker again, has the table swept at once: messages may be lost."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        """Called by the worker on every new connection to the broker."""
        app.send_task("crm.jobs.tick", ignore_result=True)


app.steps["consumer"].add(SweepOnConnect)
