"""The Celery tasks, which only call."""

from celery import Task

from crm.jobs import run, schedule, sweep
from crm.jobs.broker import app


@app.task(name="crm.jobs.work", bind=True)
def work(self: "Task[[], None]") -> None:
    """Run waiting jobs for a while."""
    delivery = self.request.delivery_info or {}
    run.work(str(self.request.id), again=bool(delivery.get("redelivered")))


@app.task(name="crm.jobs.tick")
def tick() -> None:
    """What the beat asks for every 30 seconds."""
    sweep.sweep()
    schedule.run_due()
