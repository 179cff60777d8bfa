"""The logs of imports and exports, for reading."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.exchange.models import Export, Import
from crm.kernel import registry
from crm.org.admin import ManagersRoom


class Log(ManagersRoom):
    """Rows that nobody may add, change or delete."""

    actions = None
    list_filter = ("at",)
    search_fields = ("by__username", "by__real_name")
    list_select_related = ("by", "job")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    @admin.display(description=_("module"))
    def entity_label(self, row: Import | Export) -> str:
        """The list's name."""
        entity = registry.find(row.entity)
        return entity.label_plural if entity else row.entity


@admin.register(Import)
class ImportLog(Log):
    """Who imported what, and what came of it."""

    list_display = ("at", "by", "entity_label", "name", "total", "state", "result")
    fields = ("at", "by", "entity_label", "name", "total", "on_duplicate", "state", "result")

    @admin.display(description=_("state"))
    def state(self, row: Import) -> str:
        """Where the job stands; empty if it was never started."""
        return str(row.job.get_state_display()) if row.job else ""

    @admin.display(description=_("result"))
    def result(self, row: Import) -> str:
        """The counts."""
        counts = row.job.counters if row.job else {}
        texts = {"created": _("Added"), "updated": _("Updated"), "skipped": _("Left out"), "failed": _("Not imported")}
        return _(", ").join(f"{texts[name]} {counts[name]}" for name in texts if counts.get(name))


@admin.register(Export)
class ExportLog(Log):
    """Who took what out, by which query, and how many rows."""

    list_display = ("at", "by", "entity_label", "rows", "format", "query")
    fields = ("at", "by", "entity_label", "rows", "format", "query", "selection", "columns")
