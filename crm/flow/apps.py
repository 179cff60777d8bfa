from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FlowConfig(AppConfig):
    name = "crm.flow"
    label = "flow"
    verbose_name = _("Actions")
