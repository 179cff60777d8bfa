"""The people whom tests are about.

Alice and Bob sell in one team, Carol is their manager, Charlie sells in another department
and must see nothing of theirs, Root may do everything.
"""

from dataclasses import dataclass

from crm.kernel import registry
from crm.org.models import Department, Grant, Role, Scope, User
from crm.org.tree import save_department

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class People:
    """Users and departments of a small company, two levels deep below the root."""

    company: Department
    east: Department
    east_one: Department
    west: Department
    alice: User
    bob: User
    carol: User
    charlie: User
    root: User
    seller: Role
    manager: Role


def make_people() -> People:
    """Create them, with roles that grant sellers everything on their own records and managers everything below."""
    company = department("华信集团")
    east = department("华东大区", company)
    east_one = department("上海一部", east)
    west = department("西部大区", company)
    seller, manager = role("销售", Scope.OWN), role("销售经理", Scope.BELOW)
    carol = user("carol", "王芳", east, manager)
    people = People(
        company=company,
        east=east,
        east_one=east_one,
        west=west,
        alice=user("alice", "李娜", east_one, seller, superior=carol),
        bob=user("bob", "张伟", east_one, seller, superior=carol),
        carol=carol,
        charlie=user("charlie", "赵强", west, seller),
        root=User.objects.create_superuser("root", "系统管理员", PASSWORD, department=company),
        seller=seller,
        manager=manager,
    )
    return people


def department(name: str, parent: Department | None = None) -> Department:
    """A department below another; without one, the company."""
    return save_department(Department(name=name, parent=parent))


def user(username: str, real_name: str, at: Department, *roles: Role, superior: User | None = None) -> User:
    """A user with roles, who signs in with `PASSWORD`."""
    made = User.objects.create_user(username, real_name, PASSWORD, department=at, superior=superior)
    made.roles.set(roles)
    return made


def role(name: str, scope: Scope, *, without: tuple[str, ...] = ()) -> Role:
    """A role with every permission of every entity but those named, in one scope."""
    made = Role.objects.create(name=name)
    for entity in registry.entities():
        if entity.canonical:
            grant(made, entity.model.key(), all_permissions(entity.model.key()) - set(without), scope)
    return made


def grant(to: Role, entity_key: str, actions: set[str], scope: Scope) -> Grant:
    """Set what a role may do with an entity."""
    made, _ = Grant.objects.update_or_create(
        role=to, entity=entity_key, defaults={"actions": sorted(actions), "scope": scope}
    )
    return made


def all_permissions(model_key: str) -> set[str]:
    """Every permission name of a model's entities."""
    return {name for entity in registry.entities() if entity.model.key() == model_key for name, _ in entity.permissions}
