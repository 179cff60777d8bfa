from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class OpsConfig(AppConfig):
    name = "crm.ops"
    label = "ops"
    verbose_name = _("Operations")

    def ready(self) -> None:
        """Let every app's `invariants.py` say what always holds."""
        autodiscover_modules("invariants")
