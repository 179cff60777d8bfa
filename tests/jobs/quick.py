"""The Celery application in a hurry: its beat ticks each second, its workers notice a dead child at once."""

from celery.concurrency.asynpool import AsynPool

from crm.celery import app

app.conf.beat_schedule = {"tick": app.conf.beat_schedule["tick"] | {"schedule": 1}}
app.conf.beat_max_loop_interval = 1
app.conf.include = ["tests.jobs.kinds"]
AsynPool.timers = property(lambda pool: {pool.maintain_pool: 0.2})
