"""The department tree: where a department stands, and what moves with it."""

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from crm.kernel.errors import Invalid
from crm.org.models import PATH_STEP, Department


def save_department(department: Department) -> Department:
    """Create or change a department and keep the paths of all below it.

    Raises `Invalid` (field `parent`) when the parent is the department itself or stands below it,
    and when there would be a second root.
    """
    with transaction.atomic():
        # One lock for the tree: two moves at once could otherwise close a circle.
        list(Department.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
        check_parent(department, department.parent)
        if not department.pk:
            department.group = Group.objects.create(name=_group_name(department))
        department.save()
        _place(department)
    return department


def check_parent(department: Department, parent: Department | None) -> None:
    """Raise `Invalid` (field `parent`) unless the department may stand below this parent."""
    if parent is None:
        if Department.objects.filter(parent=None).exclude(pk=department.pk).exists():
            raise Invalid({"parent": [_("There is one root, the company. Choose the department above this one.")]})
        return
    parent.refresh_from_db(fields=["path"])
    if department.pk and department.pk in parent.path_ids:
        raise Invalid({"parent": [_("A department cannot stand below itself.")]})


def _place(department: Department) -> None:
    old = department.path
    above = department.parent.path if department.parent else ""
    new = f"{above}{department.pk:0{PATH_STEP}d}"
    if new == old:
        return
    if old:
        tail = Substr(F("path"), len(old) + 1)
        Department.objects.filter(path__startswith=old).update(path=Concat(Value(new), tail))
    else:
        Department.objects.filter(pk=department.pk).update(path=new)
    department.path = new


def _group_name(department: Department) -> str:
    # Only guardian's tables show it; it has to be unique and need not be read.
    last = Group.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return f"department-{last + 1}"
