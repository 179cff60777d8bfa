"""The Celery tasks, which only call."""

from celery import Task

from crm.jobs import run, schedule, sweep
from crm.jobs.broker import app


@app.task(name="crm.jobs.work", bind=True)
def work(self: Task) -> None:
    """Run waiting jobs for a while."""
    run.work(self.request.id, again=bool(self.request.delivery_info.get("redelivered")))


@app.task(name="crm.jobs.tick")
def tick() -> None:
    """What the beat asks for every 30 seconds."""
    sweep.sweep()
    schedule.run_due()
