"""The tokens of all users, to look at and to revoke. Nobody makes a token for somebody else."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.api import tokens
from crm.api.models import Token
from crm.org.admin import ManagersRoom


@admin.register(Token)
class TokenAdmin(ManagersRoom):
    """Who lets which programs in."""

    list_display = ("user", "name", "hint", "reach", "created_at", "last_used_at", "expires_at", "live")
    list_filter = ("reach", "created_at")
    search_fields = ("user__username", "user__real_name", "name")
    list_select_related = ("user",)
    ordering = ("-pk",)
    fields = ("user", "name", "hint", "reach", "created_at", "last_used_at", "expires_at", "revoked_at")
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a token acts as its user."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: revoked tokens stay to be looked at."""
        return False

    @admin.display(description=_("valid"), boolean=True)
    def live(self, token: Token) -> bool:
        """Whether it opens anything now."""
        return token.is_live

    @admin.action(description=_("Revoke"), permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        """End the selected tokens."""
        count = tokens.revoke(queryset)
        text = ngettext("%(count)s token revoked", "%(count)s tokens revoked", count) % {"count": count}
        self.message_user(request, text, messages.SUCCESS)
