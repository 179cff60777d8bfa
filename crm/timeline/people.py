"""Whom a comment may mention: those who may see the record."""

from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q

from crm.org.access import access_of
from crm.org.models import User
from crm.record.models import Record
from crm.record.names import names

ASKED = 30  # candidates whose rights are looked at
OFFERED = 8


def who_may_see(record: Record, users: Iterable[User]) -> list[User]:
    """Those of these users who may see the record, in their order: one query, and their rights from the cache."""
    asked = [user for user in users if user.is_active]
    if not asked:
        return []
    model: Any = type(record)
    rows = model.objects.alive().filter(pk=record.pk)
    rows = rows.annotate(**{f"sees_{user.pk}": _sees(model, user) for user in asked})
    found = rows.values(*(f"sees_{user.pk}" for user in asked)).first() or {}
    return [user for user in asked if found.get(f"sees_{user.pk}")]


def suggestions(record: Record, words: str, but: User) -> list[User]:
    """People whose name or pinyin contains the words and who may see the record."""
    found = [pk for pk, _name in names().find_users(words, ASKED) if pk != but.pk]
    users = User.objects.select_related("department").in_bulk(found)
    return who_may_see(record, [users[pk] for pk in found if pk in users])[:OFFERED]


def _sees(model: Any, user: User) -> "ExpressionWrapper[Any]":
    condition = model.visible(user, access_of(user), "view")
    # An empty Q (everything) is no expression.
    return ExpressionWrapper(condition or Q(pk__isnull=False), output_field=BooleanField())
