from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from crm.kernel import events


class WebConfig(AppConfig):
    name = "crm.web"
    label = "web"
    verbose_name = _("Pages")

    def ready(self) -> None:
        """Hear of jobs that end."""
        from crm.jobs.queue import JobEnded  # there are no models before
        from crm.web.messages import tell_owner

        events.subscribe(JobEnded, tell_owner)
