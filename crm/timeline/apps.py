from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from crm.kernel import events


class TimelineConfig(AppConfig):
    name = "crm.timeline"
    label = "timeline"
    verbose_name = _("Timeline")

    def ready(self) -> None:
        """Comments go with the records that they are about."""
        from crm.record.purge import Purged  # there are no models before
        from crm.timeline.comments import forget

        events.subscribe(Purged, forget)
