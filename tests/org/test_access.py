"""Who reaches whose records."""

import pytest

from crm.org.access import access_of, current_stamp
from crm.org.models import Scope, User
from crm.testing.people import People, grant, role, user

KEY = "customers.customer"


def fresh(person: User) -> User:
    """The user as another request would load them."""
    return User.objects.get(pk=person.pk)


def test_a_seller_reaches_their_own_records(people: People) -> None:
    access = access_of(people.alice)
    assert access.scope(KEY, "change") == Scope.OWN
    assert access.owner_ids(Scope.OWN) == (people.alice.pk,)


def test_a_superior_reaches_what_their_subordinates_own_however_deep(people: People) -> None:
    trainee = user("dora", "实习生", people.west, people.seller, superior=people.alice)
    assert access_of(people.carol).owner_ids(Scope.OWN) == tuple(
        sorted([people.carol.pk, people.alice.pk, people.bob.pk, trainee.pk])
    )


def test_two_people_set_as_each_others_superior_do_not_hang(people: People) -> None:
    people.carol.superior = people.alice
    people.carol.save()
    assert people.carol.pk in access_of(people.alice).own_ids


def test_department_scopes_reach_the_people_in_it(people: People) -> None:
    access = access_of(people.carol)
    assert people.alice.pk not in access.department_user_ids
    assert people.alice.pk in (access.owner_ids(Scope.BELOW) or ())
    assert people.charlie.pk not in (access.owner_ids(Scope.BELOW) or ())


def test_the_widest_scope_of_several_roles_wins_for_each_action(people: People) -> None:
    auditor = role("审计", Scope.ALL, without=("change",))
    people.alice.roles.add(auditor)
    access = access_of(fresh(people.alice))
    assert access.scope(KEY, "view") == Scope.ALL
    assert access.scope(KEY, "change") == Scope.OWN


def test_an_action_that_no_role_grants_is_refused(people: People) -> None:
    grant(people.seller, KEY, {"view"}, Scope.OWN)
    assert not access_of(fresh(people.alice)).can(KEY, "delete")
    assert access_of(people.root).can(KEY, "delete")


def test_an_inactive_user_may_do_nothing(people: People) -> None:
    people.root.is_active = False
    people.root.save()
    assert not access_of(fresh(people.root)).can(KEY, "view")


@pytest.mark.parametrize("change", ["role", "grant", "user", "department"])
def test_every_change_of_the_organisation_counts_the_stamp_up(people: People, change: str) -> None:
    before = current_stamp()
    match change:
        case "role":
            people.alice.roles.clear()
        case "grant":
            grant(people.seller, KEY, set(), Scope.OWN)
        case "user":
            User.objects.filter(pk=people.alice.pk).update(superior=None)
        case "department":
            people.east.name = "华东"
            people.east.save()
    assert current_stamp() > before


def test_a_revoked_right_is_gone_with_the_next_look(people: People) -> None:
    assert access_of(people.alice).can(KEY, "view")
    people.alice.roles.clear()
    assert not access_of(people.alice).can(KEY, "view")
