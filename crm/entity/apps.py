from django.apps import AppConfig
from django.core import checks
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class EntityConfig(AppConfig):
    name = "crm.entity"
    label = "entity"
    verbose_name = _("Entities")

    def ready(self) -> None:
        from crm.entity.checks import check_entities  # models are loaded only now

        autodiscover_modules("entities")
        checks.register(check_entities)
