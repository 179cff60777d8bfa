"""Who sees a record: the one permission condition, as SQL over indexed columns."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Q

from crm.org.access import Access

if TYPE_CHECKING:
    from crm.org.models import User

NOBODY = Q(pk__in=[])
# The part of a scope that comes of owners and shares; what models add has other names.
OWNED = "owned"
# What somebody with whom a record is shared may do with it, by the share's permission.
SHARED_ACTIONS = {"view": "view", "export": "view", "print": "view", "change": "change"}


@models.Field.register_lookup
class AnyOf(models.Lookup[Any]):
    """`column = ANY(array)`: unlike IN over a subquery it is planned as an index condition."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """SQL and parameters of the comparison."""
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} = ANY({right})", (*left_params, *right_params)


class Scoped(models.Model):
    """Adds the scope of a record type; `visible_to` on its queryset applies it.

    A type whose `parent_field` is set (a customer's contact) follows that record: who may see the
    parent sees the child, who may change the parent may write the child, if their role grants the
    action on the child's entity at all.
    """

    parent_field: ClassVar[str] = ""

    class Meta:
        abstract = True

    @classmethod
    def visible(cls, user: "User", access: Access, action: str, part: str | None = None) -> Q:
        """The condition under which `user` may do `action`; `part` narrows it to one named part."""
        key = cls.key()  # type: ignore[attr-defined]
        if cls.parent_field:
            return cls._through_parent(user, action) if access.can(key, action) else NOBODY
        parts = cls.scope_parts(user, access, action)
        condition = NOBODY
        for name, one in parts.items():
            if part in (None, name):
                condition = one if condition is NOBODY else condition | one
        return condition

    @classmethod
    def scope_parts(cls, user: "User", access: Access, action: str) -> dict[str, Q]:
        """The named ways in which records become visible: by owner, by share, and what a model adds."""
        scope = access.scope(cls.key(), action)  # type: ignore[attr-defined]
        if scope is None:
            return {}
        owner_ids = access.owner_ids(scope)
        if owner_ids is None:
            return {OWNED: Q()}
        owned = Q(owner_id__in=owner_ids)
        shared = cls.shared_with(user, access, action)
        return {OWNED: owned if shared is None else owned | shared}

    @classmethod
    def part_reason(cls, name: str, record: Any) -> str:
        """Why a part of the scope that the model adds holds this record, as a sentence for those who see it."""
        raise NotImplementedError(f"{cls.__name__} has a part {name!r} without words")

    @classmethod
    def shared_with(cls, user: "User", access: Access, action: str) -> Q | None:
        """Records shared with the user or a department above them; None where nothing can be shared."""
        tables = getattr(cls, "share_tables", None)
        if tables is None or action not in SHARED_ACTIONS:
            return None
        return Q(pk__any=ArraySubquery(tables().shared_ids(user, access, SHARED_ACTIONS[action])))

    @classmethod
    def _through_parent(cls, user: "User", action: str) -> Q:
        parent = cls._meta.get_field(cls.parent_field).related_model
        parent_action = "view" if action in ("view", "export", "print") else "change"
        above = parent.objects.visible_to(user, parent_action)  # type: ignore[union-attr]
        return Q(**{f"{cls.parent_field}__in": above.values("pk")})
