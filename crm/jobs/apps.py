from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "crm.jobs"
    label = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        """Let every app's `jobs.py` name its handlers and periodic work."""
        autodiscover_modules("jobs")
        from crm.fields.events import FieldsChanged
        from crm.jobs import custom_indexes
        from crm.kernel import events

        events.subscribe(FieldsChanged, custom_indexes.fields_changed)
