from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ViewsConfig(AppConfig):
    name = "crm.views"
    label = "views"
    verbose_name = _("Views")
