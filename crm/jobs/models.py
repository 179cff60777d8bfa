"""The job table, which is the truth about background work, and the clock of periodic work."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.kernel.phrases import said


class State(models.TextChoices):
    """Where a job stands; the last three are its ends."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Finished")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE = (State.QUEUED, State.RUNNING)


class Job(models.Model):
    """Work that a handler does chunk by chunk. `crm.jobs.queue` starts and cancels, `crm.jobs.run` runs it."""

    kind = models.CharField(max_length=60)
    # A phrase (crm.kernel.phrases), so that everybody reads it in their own language.
    title = models.JSONField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="jobs")
    # Whatever may be started only once bears a key; starting it again finds the same job.
    key = models.CharField(max_length=200, null=True, unique=True)
    payload = models.JSONField(default=dict)
    # The handler's bookmark: what it needs to go on after the last finished chunk.
    cursor = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    counters = models.JSONField(default=dict)
    # Who works on it, while it runs; only the holder's chunks are kept.
    lease = models.CharField(max_length=120, default="", blank=True)
    heartbeat_at = models.DateTimeField(null=True)
    # Workers that took it since the last finished chunk, so that one which kills its worker each time ends.
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)
    error = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    # What a chunk may change and its end writes back.
    PROGRESS: ClassVar[tuple[str, ...]] = ("cursor", "done", "total", "counters")

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=State.RUNNING) ^ models.Q(lease=""), name="a_job_has_a_lease_while_it_runs"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ACTIVE, finished_at=None)
                | (~models.Q(state__in=ACTIVE) & models.Q(finished_at__isnull=False)),
                name="a_job_has_an_end_when_it_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["by", "-id"], name="jobs_of_a_user"),
            models.Index(fields=["heartbeat_at"], condition=models.Q(state__in=ACTIVE), name="active_jobs"),
            models.Index(fields=["by"], condition=models.Q(state__in=ACTIVE), name="active_jobs_of_a_user"),
        ]

    def __str__(self) -> str:
        return said(self.title)

    @property
    def active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in ACTIVE

    @property
    def reason(self) -> str:
        """Why it failed or was cancelled, in the reader's language; empty without one."""
        return said(self.error) if self.error else ""

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100; 0 while the total is not known."""
        return min(100, self.done * 100 // self.total) if self.total else 0


class Clock(models.Model):
    """The last slot of each periodic piece of work that has been done, so that no slot is done twice."""

    name = models.CharField(primary_key=True, max_length=100)
    slot = models.DateTimeField()
