"""A small company in which tests from outside try what people must not be able to do.

总公司 › 销售一部 › 一组, 销售二部, 财务部, 仓库. Whatever belongs to the second department bears a mark that
nobody of the first may ever see. Seeding twice changes nothing.
"""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from crm.entity.declare import Entity
from crm.kernel import registry
from crm.org.models import Department, Role, Scope, User
from crm.org.tree import save_department
from crm.record.attachments import attach, attachments_of
from crm.record.models import Record
from crm.testing.factory import build
from crm.testing.people import PASSWORD, all_permissions, grant

MARK = "机密-二部-7f3a"
DEPARTMENTS = {"销售一部": "", "一组": "销售一部", "销售二部": "", "财务部": "", "仓库": ""}
# user → (department, role, superior)
USERS = {
    "MA": ("销售一部", "安全测试·经理", ""),
    "MB": ("销售二部", "安全测试·经理", ""),
    "A1": ("销售一部", "安全测试·销售", "MA"),
    "A2": ("销售一部", "安全测试·销售", "MA"),
    "A3": ("一组", "安全测试·销售", "MA"),
    "B1": ("销售二部", "安全测试·销售", "MB"),
    "F1": ("财务部", "安全测试·无权", ""),
    "W1": ("仓库", "安全测试·无权", ""),
    "AP": ("", "安全测试·审批", ""),
    "AP2": ("", "安全测试·审批", ""),
    "ADM": ("", "", ""),
    "EX": ("销售一部", "安全测试·销售", "MA"),
}
# Roles with every right of every module in a scope; the one without a scope grants nothing.
ROLES = {
    "安全测试·销售": Scope.OWN,
    "安全测试·经理": Scope.BELOW,
    "安全测试·审批": Scope.ALL,
    "安全测试·无权": None,
}
OWNERS = ("A1", "A2", "B1")


@transaction.atomic
def seed() -> dict[str, Any]:
    """Make what is missing; gives ids, logins and marks."""
    departments = _departments()
    roles = {name: _role(name, scope) for name, scope in ROLES.items()}
    users: dict[str, User] = {}
    for name, (department, role, superior) in USERS.items():
        users[name] = _user(name, departments[department], roles.get(role), users.get(superior))
    records = {name: _records(users[name], MARK if name == "B1" else f"公开-{name}") for name in OWNERS}
    return {
        "password": PASSWORD,
        "mark": MARK,
        "departments": {name or "总公司": department.pk for name, department in departments.items()},
        "users": {name: {"id": user.pk, "username": user.username} for name, user in users.items()},
        "records": {name: {key: record.pk for key, record in of.items()} for name, of in records.items()},
        "files": {name: _files(users[name], of) for name, of in records.items()},
    }


def _departments() -> dict[str, Department]:
    root = Department.objects.filter(parent=None).first() or save_department(Department(name="总公司"))
    found = {"": root}
    for name, parent in DEPARTMENTS.items():
        known = Department.objects.filter(name=name, parent=found[parent]).first()
        found[name] = known or save_department(Department(name=name, parent=found[parent]))
    return found


def _role(name: str, scope: Scope | None) -> Role:
    role, _new = Role.objects.get_or_create(name=name)
    for entity in registry.entities():
        if scope is not None and entity.canonical:
            grant(role, entity.model.key(), all_permissions(entity.model.key()), scope)
    return role


def _user(name: str, department: Department, role: Role | None, superior: User | None) -> User:
    username = f"w-{name.lower()}"
    user = User.objects.filter(username=username).first() or User.objects.create_user(username, f"测试{name}", PASSWORD)
    user.department, user.superior = department, superior
    user.is_staff = user.is_superuser = name == "ADM"
    user.save()
    user.roles.set([role] if role else [])
    return user


def _records(by: User, mark: str) -> dict[str, Record]:
    """One record of every entity, by key; those that belong to another are of this user's own one."""
    made: dict[str, Record] = {}
    for entity in sorted(registry.entities(), key=lambda entity: bool(entity.model.parent_field)):
        name = f"{mark} {entity.name} {by.username}"
        made[entity.key] = _found(entity, name) or build(entity, by, **_given(entity, made), **_named(entity, name))
    return made


def _found(entity: Entity, name: str) -> Record | None:
    rows: Any = entity.model._base_manager
    return rows.filter(deleted_at=None, **_named(entity, name)).first()  # type: ignore[no-any-return]


def _named(entity: Entity, name: str) -> dict[str, str]:
    return {entity.model.name_field: name}


def _given(entity: Entity, made: dict[str, Record]) -> dict[str, Record]:
    """The records that a new one refers to, as far as it has to."""
    by_model = {type(record): record for record in reversed(made.values())}
    names = [name for name in entity.fields if not entity.model._meta.get_field(name).blank]  # type: ignore[union-attr]
    related = {name: entity.model._meta.get_field(name).related_model for name in names}
    # Of two lists over one model the first record counts: the one that has an owner.
    return {name: by_model[model] for name, model in related.items() if model in by_model}


def _files(by: User, records: dict[str, Record]) -> dict[str, int]:
    """A file on each record, with the record's mark in its name."""
    files = {}
    for key, record in records.items():
        kept = attachments_of(record).first()
        upload = SimpleUploadedFile(f"{record}.txt"[-100:], str(record).encode())
        files[key] = (kept or attach(record, upload, by)).pk
    return files
