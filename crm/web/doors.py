"""How pages find what their URL names: unknown or out of sight is 404, a missing right is 403."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.utils.translation import gettext as _

from crm.entity.declare import Entity
from crm.kernel import registry
from crm.kernel.errors import Denied
from crm.org.models import User


def signed_in(user: User | AnonymousUser) -> User:
    """The user of a page behind the sign-in; the middleware lets nobody else get here."""
    if not isinstance(user, User):
        raise Denied(_("Sign in first."))
    return user


def find_entity(user: User, app: str, name: str, perm: str | None = None) -> Entity:
    """The entity of a URL, if the user has the right `perm` on it (by default, to open its list)."""
    entity: Entity | None = registry.find(f"{app}.{name}")
    if entity is None:
        raise Http404
    if not entity.can(user, perm or entity.view_perm):
        raise Denied(_("Your role does not include this. Ask an administrator for the right."))
    return entity


def find_record(entity: Entity, user: User, pk: int, perm: str = "view", *, lock: bool = False) -> Any:
    """The record of a URL, if the user may do `perm` on it; else 404 if out of sight, 403 if only visible.

    With `lock` (inside a transaction) nobody else changes the row until the transaction ends.
    """
    found = entity.queryset(user, perm).filter(pk=pk)
    record = (found.select_for_update(of=("self",)) if lock else found).first()
    if record is not None:
        return record
    if perm != "view" and entity.queryset(user).filter(pk=pk).exists():
        raise Denied(_("You may see this record, but not do this with it."))
    raise Http404
