"""The department tree."""

import pytest

from crm.kernel.errors import Invalid
from crm.org.models import Department
from crm.org.tree import save_department
from crm.testing.people import People


def paths() -> dict[str, list[int]]:
    return {d.name: d.path_ids for d in Department.objects.all()}


def test_a_path_names_all_departments_above(people: People) -> None:
    assert paths()["上海一部"] == [people.company.pk, people.east.pk, people.east_one.pk]


def test_moving_a_department_moves_all_below_it(people: People) -> None:
    people.east.parent = people.west
    save_department(people.east)
    assert paths()["上海一部"] == [people.company.pk, people.west.pk, people.east.pk, people.east_one.pk]


def test_a_department_cannot_stand_below_itself(people: People) -> None:
    people.east.parent = people.east_one
    with pytest.raises(Invalid) as refused:
        save_department(people.east)
    assert "parent" in refused.value.errors


def test_there_is_one_root(people: People) -> None:
    with pytest.raises(Invalid):
        save_department(Department(name="另一家公司"))
