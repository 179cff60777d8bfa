"""What a user may do and whose records they may do it on: the input of every scope.

Loading costs three queries; the result is kept per process until the organisation's
stamp changes. The stamp is counted up by database triggers (`crm/org/migrations`), so no
way of changing users, roles or departments can forget it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import connection

from crm.org.models import Department, Grant, Scope, Stamp, User

WIDTH = {Scope.OWN: 0, Scope.DEPARTMENT: 1, Scope.BELOW: 2, Scope.ALL: 3}
CACHE_SIZE = 5000

_cache: dict[int, tuple[int, "Access"]] = {}


@dataclass(frozen=True)
class Access:
    """One user's rights. Ids are of users and departments; tuples are sorted."""

    user_id: int
    everything: bool
    own_ids: tuple[int, ...]
    department_id: int | None = None
    ancestor_ids: tuple[int, ...] = ()
    below_ids: tuple[int, ...] = ()
    department_user_ids: tuple[int, ...] = ()
    below_user_ids: tuple[int, ...] = ()
    grants: Mapping[str, Mapping[str, Scope]] = field(default_factory=dict)

    def can(self, entity_key: str, action: str) -> bool:
        """Whether any role grants this action on the entity, in whatever scope."""
        return self.everything or action in self.grants.get(entity_key, {})

    def scope(self, entity_key: str, action: str) -> Scope | None:
        """The widest scope in which the action is granted; None if it is not."""
        if self.everything:
            return Scope.ALL
        return self.grants.get(entity_key, {}).get(action)

    def owner_ids(self, scope: Scope) -> tuple[int, ...] | None:
        """Whose records a scope reaches, as user ids; None stands for everybody's."""
        if scope == Scope.ALL:
            return None
        reach = {Scope.OWN: (), Scope.DEPARTMENT: self.department_user_ids, Scope.BELOW: self.below_user_ids}[scope]
        return tuple(sorted({*self.own_ids, *reach}))


def access_of(user: User) -> Access:
    """The user's rights as of now; an inactive user has none."""
    stamp = getattr(user, "org_stamp", None)
    if stamp is None:
        stamp = current_stamp()
    kept = _cache.get(user.pk)
    if kept and kept[0] == stamp:
        return kept[1]
    access = _load(user)
    if len(_cache) >= CACHE_SIZE:
        _cache.clear()
    _cache[user.pk] = (stamp, access)
    return access


def current_stamp() -> int:
    """The number that changes whenever users, roles, departments or picklists do."""
    return Stamp.objects.values_list("number", flat=True).first() or 0


def _load(user: User) -> Access:
    if not user.is_active:
        return Access(user.pk, everything=False, own_ids=())
    department = user.department
    below = _department_ids_below(department) if department else ()
    members = _members(below)
    return Access(
        user_id=user.pk,
        everything=user.is_superuser,
        own_ids=_self_and_subordinates(user.pk),
        department_id=department.pk if department else None,
        ancestor_ids=tuple(department.path_ids) if department else (),
        below_ids=below,
        department_user_ids=tuple(members.get(department.pk, ())) if department else (),
        below_user_ids=tuple(sorted(pk for ids in members.values() for pk in ids)),
        grants=_grants(user),
    )


def _department_ids_below(department: Department) -> tuple[int, ...]:
    below = Department.objects.filter(path__startswith=department.path)
    return tuple(sorted(below.values_list("pk", flat=True)))


def _members(department_ids: tuple[int, ...]) -> dict[int, list[int]]:
    members: dict[int, list[int]] = defaultdict(list)
    for pk, department_id in (
        User.objects.filter(department__in=department_ids).order_by("pk").values_list("pk", "department_id")
    ):
        members[department_id or 0].append(pk)
    return members


def _self_and_subordinates(user_id: int) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        # UNION (not ALL) ends the walk even if two people are set as each other's superior.
        cursor.execute(
            "WITH RECURSIVE team(id) AS (SELECT %s::bigint UNION"
            " SELECT u.id FROM org_user u JOIN team ON u.superior_id = team.id) SELECT id FROM team ORDER BY id",
            [user_id],
        )
        return tuple(row[0] for row in cursor.fetchall())


def _grants(user: User) -> dict[str, dict[str, Scope]]:
    widest: dict[str, dict[str, Scope]] = defaultdict(dict)
    for grant in Grant.objects.filter(role__users=user).only("entity", "actions", "scope"):
        scope = Scope(grant.scope)
        for action in grant.actions:
            known = widest[grant.entity].get(action)
            if known is None or WIDTH[scope] > WIDTH[known]:
                widest[grant.entity][action] = scope
    return dict(widest)
