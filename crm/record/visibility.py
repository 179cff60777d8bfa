"""Why somebody sees a record, in words, and who else does: the rules of `crm.record.scope`, told one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from crm.kernel.dates import today
from crm.org.access import Access, access_of
from crm.org.models import Department, Grant, Scope, User
from crm.record.scope import OWNED

if TYPE_CHECKING:
    from crm.record.models import Record

MOST_SUPERIORS = 20
MOST_NAMES = 20


@dataclass(frozen=True)
class Audience:
    """People who see a record for one reason."""

    reason: str
    names: list[str]
    more: int = 0


def reasons(record: "Record", user: User) -> list[str]:
    """Every rule that makes the record visible to the user, as sentences; empty if it is not."""
    model: Any = type(record)
    access = access_of(user)
    if model.parent_field:
        return list(_through_parent(record, user, access))
    found: list[str] = []
    for name in model.scope_parts(user, access, "view"):
        if model.objects.visible_to(user, part=name).filter(pk=record.pk).exists():
            found += _owned(record, user, access) if name == OWNED else [model.part_reason(name, record)]
    return found


def audience(record: "Record") -> list[Audience]:
    """Who else sees the record and by which rule; administrators and ways of one model alone are left out."""
    model: Any = type(record)
    if model.parent_field:
        return audience(getattr(record, model.parent_field))
    owner = record.owner
    if owner is None:
        return []
    found = [
        Audience(_("Owner"), [owner.real_name]),
        Audience(_("Superiors of the owner"), _superiors(owner)),
        *_by_role(model.key(), owner),
        *_by_share(record),
    ]
    return [one for one in found if one.names]


def sees_others(user: User, entity_key: str) -> bool:
    """Whether the user sees records of other people by their position or role: then they may ask who sees what."""
    access = access_of(user)
    scope = access.scope(entity_key, "view")
    return access.everything or len(access.own_ids) > 1 or scope not in (None, Scope.OWN)


# -- why


def _through_parent(record: Any, user: User, access: Access) -> Iterator[str]:
    if not access.can(record.key(), "view"):
        return
    parent = getattr(record, record.parent_field)
    why = reasons(parent, user)
    if why:
        words = {"kind": parent._meta.verbose_name, "record": parent}
        yield _("It belongs to the %(kind)s “%(record)s”, which you see:") % words
        yield from why


def _owned(record: Any, user: User, access: Access) -> Iterator[str]:
    if access.everything:
        yield _("You are an administrator and see every record.")
    if record.owner_id == user.pk:
        yield _("You are its owner.")
    elif record.owner_id in access.own_ids:
        yield _("Its owner %(owner)s is a subordinate of yours.") % {"owner": record.owner}
    yield from _roles(record, user, access)
    yield from _shares(record, access)


def _roles(record: Any, user: User, access: Access) -> Iterator[str]:
    for grant in Grant.objects.filter(role__users=user, entity=record.key()).select_related("role").order_by("role"):
        if "view" not in grant.actions:
            continue
        words = {"role": grant.role.name, "owner": record.owner}
        if grant.scope == Scope.ALL:
            yield _("Your role “%(role)s” sees all records.") % words
        elif grant.scope == Scope.DEPARTMENT and record.owner_id in access.department_user_ids:
            yield _("Your role “%(role)s” sees the records of your department, to which %(owner)s belongs.") % words
        elif grant.scope == Scope.BELOW and record.owner_id in access.below_user_ids:
            pattern = _(
                "Your role “%(role)s” sees the records of your department and those below, to which %(owner)s belongs."
            )
            yield pattern % words


def _shares(record: Any, access: Access) -> Iterator[str]:
    users, departments = _live_shares(record)
    groups = Department.objects.filter(pk__in=access.ancestor_ids).values("group_id")
    for share in users.filter(user_id=access.user_id) if users is not None else ():
        yield _("%(who)s shared it with you.") % {"who": share.shared_by} + _until(share)
    for share in departments.filter(group_id__in=groups) if departments is not None else ():
        words = {"who": share.shared_by, "department": share.group.department}
        yield _("%(who)s shared it with the department %(department)s.") % words + _until(share)


def _until(share: Any) -> str:
    return " " + _("Until %(day)s.") % {"day": f"{share.expires_on:%Y-%m-%d}"} if share.expires_on else ""


def _live_shares(record: Any) -> "tuple[QuerySet[Any] | None, QuerySet[Any] | None]":
    tables = getattr(type(record), "share_tables", None)
    if tables is None:
        return None, None
    live = Q(content_object=record, permission__codename__startswith="view_")
    live &= Q(expires_on=None) | Q(expires_on__gte=today())
    users = tables().users._default_manager.filter(live).select_related("shared_by", "user").order_by("pk")
    departments = tables().departments._default_manager.filter(live)
    return users, departments.select_related("shared_by", "group__department").order_by("pk")


# -- who else


def _superiors(owner: User) -> list[str]:
    found: list[User] = []
    above = owner.superior
    while above is not None and above not in found and len(found) < MOST_SUPERIORS:
        found.append(above)
        above = above.superior
    return [one.real_name for one in found if one.is_active]


def _by_role(entity_key: str, owner: User) -> Iterator[Audience]:
    grants = [
        grant
        for grant in Grant.objects.filter(entity=entity_key).exclude(scope=Scope.OWN).select_related("role")
        if "view" in grant.actions
    ]
    path = owner.department.path_ids if owner.department else []
    people = User.objects.filter(is_active=True, roles__in=[grant.role_id for grant in grants])
    members = list(people.order_by("real_name", "pk").values_list("roles", "real_name", "department_id"))
    labels = dict(Scope.choices)
    within: dict[str, set[int | None]] = {Scope.DEPARTMENT: {owner.department_id}, Scope.BELOW: set(path)}
    for grant in sorted(grants, key=lambda one: one.role.name):
        reached = within.get(grant.scope)
        names = [n for role, n, place in members if role == grant.role_id and (reached is None or place in reached)]
        words = {"role": grant.role.name, "scope": labels[Scope(grant.scope)]}
        shown = names[:MOST_NAMES]
        yield Audience(_("Role “%(role)s” (%(scope)s)") % words, shown, len(names) - len(shown))


def _by_share(record: Any) -> Iterator[Audience]:
    users, departments = _live_shares(record)
    names = [share.user.real_name + _in_brackets(share) for share in users or ()]
    names += [f"{share.group.department}{_in_brackets(share)}" for share in departments or ()]
    yield Audience(_("Shared with"), names[:MOST_NAMES], max(0, len(names) - MOST_NAMES))


def _in_brackets(share: Any) -> str:
    return _(" (until %(day)s)") % {"day": f"{share.expires_on:%Y-%m-%d}"} if share.expires_on else ""
