from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from crm.kernel import events


class AuditConfig(AppConfig):
    name = "crm.audit"
    label = "audit"
    verbose_name = _("Logs")

    def ready(self) -> None:
        """Hear of what is worth a line in the log."""
        from crm.audit import log, sessions  # there are no models before
        from crm.entity.hand_over import HandedOver
        from crm.jobs.queue import JobEnded
        from crm.org.events import Deactivated, SessionsEnded, SettingsChanged
        from crm.record.purge import Purged
        from crm.record.write import Written

        events.subscribe(Written, log.written)
        events.subscribe(JobEnded, log.job_ended)
        events.subscribe(Purged, log.purged)
        events.subscribe(HandedOver, log.handed_over)
        events.subscribe(SettingsChanged, log.settings_changed)
        events.subscribe(Deactivated, log.deactivated)
        events.subscribe(SessionsEnded, sessions.forget_all)
