"""Sharing (共享): object permissions in guardian's direct foreign-key tables, with an expiry.

Each shareable model has two tables, one for users and one for departments (by their group),
so that "shared with me" is one indexed query:

    class CustomerUserShare(UserShare):
        content_object = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="user_shares")

    class CustomerDepartmentShare(DepartmentShare): ...

    Customer.share_tables → ShareTables(CustomerUserShare, CustomerDepartmentShare)
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from crm.kernel.dates import today
from crm.org.access import Access
from crm.org.models import Department

if TYPE_CHECKING:
    from crm.org.models import User


class Shared(models.Model):
    """What a share carries besides guardian's columns."""

    expires_on = models.DateField(_("last day"), null=True, blank=True)
    shared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("shared by")
    )
    shared_at = models.DateTimeField(_("shared at"), auto_now_add=True)

    class Meta:
        abstract = True


class UserShare(Shared, UserObjectPermissionBase):
    """A record shared with a user."""

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True


class DepartmentShare(Shared, GroupObjectPermissionBase):
    """A record shared with a department and all below it."""

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = True


@dataclass(frozen=True)
class ShareTables:
    """The two share tables of one model."""

    users: type[UserShare]
    departments: type[DepartmentShare]

    def shared_ids(self, user: "User", access: Access, action: str) -> "QuerySet[Any, Any]":
        """Ids of the records shared with the user, directly or through a department they stand in."""
        live = Q(permission__codename=_codename(self.users, action)) & (Q(expires_on=None) | Q(expires_on__gte=today()))
        direct = self.users._default_manager.filter(live, user_id=user.pk).values("content_object_id")
        groups = Department.objects.filter(pk__in=access.ancestor_ids).values("group_id")
        above = self.departments._default_manager.filter(live, group_id__in=groups).values("content_object_id")
        return direct.union(above, all=True)

    def all_shared_ids(self) -> "QuerySet[Any, Any]":
        """Ids of the records shared with anybody."""
        live = Q(expires_on=None) | Q(expires_on__gte=today())
        users = self.users._default_manager.filter(live).values("content_object_id")
        return users.union(self.departments._default_manager.filter(live).values("content_object_id"), all=True)

    def permission(self, action: str) -> Permission:
        """The auth permission `view_…` or `change_…` of the shared model."""
        content_type = ContentType.objects.get_for_model(shared_model(self.users))
        return Permission.objects.get(content_type=content_type, codename=_codename(self.users, action))

    def share(
        self, record: Any, receiver: "User | Department", *, editable: bool, by: "User", expires_on: Any = None
    ) -> None:
        """Share a record with a user or department; sharing again changes rights and expiry."""
        self.revoke(record, receiver)
        for action in ("view", "change") if editable else ("view",):
            facts = {
                "content_object": record,
                "permission": self.permission(action),
                "shared_by": by,
                "expires_on": expires_on,
            }
            if isinstance(receiver, Department):
                self.departments._default_manager.create(group_id=receiver.group_id, **facts)
            else:
                self.users._default_manager.create(user=receiver, **facts)

    def revoke(self, record: Any, receiver: "User | Department") -> None:
        """Take back what was shared with the receiver."""
        if isinstance(receiver, Department):
            self.departments._default_manager.filter(content_object=record, group_id=receiver.group_id).delete()
        else:
            self.users._default_manager.filter(content_object=record, user=receiver).delete()


def shared_model(table: type[Shared]) -> type[models.Model]:
    """The model whose records a table shares."""
    meta: Any = table._meta
    return meta.get_field("content_object").related_model  # type: ignore[no-any-return]


def _codename(table: type[Shared], action: str) -> str:
    return f"{action}_{shared_model(table)._meta.model_name}"
