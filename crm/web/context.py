"""What every full page shows around its content."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language

from crm.entity.declare import Entity
from crm.entity.hand_over import may_hand_over
from crm.web.account import CHOICES
from crm.web.menu import Group, creatable, groups_for
from crm.web.row_menu import row_keys

HTML_LANGUAGES = {"zh-hans": "zh-CN"}


class Shell:
    """Navigation and appearance, computed only when a template asks."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def lang(self) -> str:
        """The page's language as HTML writes it."""
        language = get_language() or settings.LANGUAGE_CODE
        return HTML_LANGUAGES.get(language, language)

    @property
    def theme(self) -> str:
        """One of "auto", "light", "dark"."""
        user = self.request.user
        return user.theme if user.is_authenticated else self._cookie("theme")

    @property
    def density(self) -> str:
        """One of "compact", "normal", "roomy"."""
        return self._cookie("density")

    @property
    def keys(self) -> str:
        """Whether single letters are shortcuts: "on" or "off"."""
        return self._cookie("keys")

    @property
    def nav(self) -> str:
        """How the navigation stands: "open" or "folded"."""
        return self._cookie("nav")

    @cached_property
    def groups(self) -> list[Group]:
        """The navigation; empty before sign-in."""
        user = self.request.user
        return groups_for(user) if user.is_authenticated else []

    @cached_property
    def creatable(self) -> list[Entity]:
        """What the ＋ menu offers."""
        user = self.request.user
        return creatable(self.groups, user) if user.is_authenticated else []

    @cached_property
    def entity(self) -> Entity | None:
        """The list to which the present page belongs."""
        path = self.request.path
        entries = [entity for group in self.groups for entity in group.entries]
        return next((entity for entity in entries if path.startswith(entity.url("list"))), None)

    @property
    def row_keys(self) -> list[tuple[str, str | Promise]]:
        """(letter, what it does) for the focused row of the present list."""
        return row_keys(self.entity) if self.entity else []

    @property
    def tabs(self) -> list[Entity]:
        """The lists in the bar at the bottom of a phone, besides ＋ and the account."""
        return [entity for group in self.groups for entity in group.entries][:3]

    @property
    def hands_over(self) -> bool:
        """Whether the user may hand over what others own."""
        user = self.request.user
        return user.is_authenticated and may_hand_over(user)

    def _cookie(self, name: str) -> str:
        value = self.request.COOKIES.get(name, "")
        return value if value in CHOICES[name] else CHOICES[name][0]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell`."""
    return {"shell": Shell(request)}
