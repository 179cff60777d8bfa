from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    name = "crm.exchange"
    label = "exchange"
    verbose_name = _("Import and export")

    def ready(self) -> None:
        """Let lists be narrowed to the records of an import."""
        from crm.exchange import origin  # noqa: F401 - importing it registers it
