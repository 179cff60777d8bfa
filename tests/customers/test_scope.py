"""Which customers, contacts and follow-ups people reach."""

from datetime import timedelta

import pytest

from crm.kernel.dates import today
from crm.org.models import Scope, User
from crm.testing.people import People, all_permissions, grant
from customers.models import Contact, Customer, CustomerFollowUp
from tests.customers import make


def seen(user: User, action: str = "view", part: str | None = None) -> set[str]:
    user = User.objects.get(pk=user.pk)
    return set(Customer.objects.visible_to(user, action, part).values_list("name", flat=True))


def test_sellers_see_their_own_managers_what_is_below_others_nothing(people: People) -> None:
    make.customer(people.alice, name="甲")
    make.customer(people.bob, name="乙")
    assert seen(people.alice) == {"甲"}
    assert seen(people.carol) == {"甲", "乙"}
    assert seen(people.charlie) == set()
    assert seen(people.root) == {"甲", "乙"}


def test_a_user_who_moves_department_takes_their_customers_along(people: People) -> None:
    make.customer(people.alice, name="甲")
    people.alice.superior, people.alice.department = None, people.west
    people.alice.save()
    assert seen(people.carol) == set()


def test_the_companys_pool_is_open_to_all_a_departments_to_those_in_it(people: People) -> None:
    make.customer(name="公司公海")
    make.customer(name="华东公海", into=people.east)
    assert seen(people.alice) == {"公司公海", "华东公海"}
    assert seen(people.charlie) == {"公司公海"}


def test_without_the_right_to_the_pool_it_is_empty(people: People) -> None:
    make.customer(name="公司公海")
    grant(people.seller, Customer.key(), all_permissions(Customer.key()) - {"view_pool"}, Scope.OWN)
    assert seen(people.alice) == set()


def test_a_manager_reaches_the_pools_below_them(people: People) -> None:
    make.customer(name="一部公海", into=people.east_one)
    assert seen(people.carol, "assign") == {"一部公海"}
    assert seen(people.charlie, "assign") == set()


def test_parts_tell_owned_from_pool(people: People) -> None:
    make.customer(people.alice, name="甲")
    make.customer(name="公海")
    assert seen(people.alice, part="owned") == {"甲"}
    assert seen(people.alice, part="pool") == {"公海"}


@pytest.mark.parametrize("editable", [True, False])
def test_a_shared_customer_is_seen_and_changed_only_if_editable(people: People, editable: bool) -> None:
    customer = make.customer(people.alice, name="甲")
    Customer.share_tables().share(customer, people.charlie, editable=editable, by=people.alice)
    assert seen(people.charlie) == {"甲"}
    assert seen(people.charlie, "change") == ({"甲"} if editable else set())
    assert seen(people.charlie, "delete") == seen(people.charlie, "transfer") == set()


def test_a_share_with_a_department_reaches_those_below_it(people: People) -> None:
    customer = make.customer(people.charlie, name="甲")
    Customer.share_tables().share(customer, people.east, editable=False, by=people.charlie)
    assert seen(people.alice) == {"甲"}
    people.alice.department = people.west
    people.alice.save()
    assert seen(people.alice) == set()


def test_a_share_ends_with_its_last_day_and_with_its_revocation(people: People) -> None:
    shares = Customer.share_tables()
    customer = make.customer(people.alice, name="甲")
    shares.share(customer, people.charlie, editable=False, by=people.alice, expires_on=today())
    assert seen(people.charlie) == {"甲"}
    shares.share(customer, people.charlie, editable=False, by=people.alice, expires_on=today() - timedelta(days=1))
    assert seen(people.charlie) == set()
    shares.share(customer, people.charlie, editable=False, by=people.alice)
    shares.revoke(customer, people.charlie)
    assert seen(people.charlie) == set()


def test_contacts_and_follow_ups_follow_their_customer(people: People) -> None:
    customer = make.customer(people.alice)
    make.contact(customer, people.alice)
    make.follow_up(customer, people.alice)
    for model in (Contact, CustomerFollowUp):
        assert model.objects.visible_to(people.carol).count() == 1
        assert model.objects.visible_to(people.charlie).count() == 0
        assert model.objects.visible_to(people.alice, "change").count() == 1


def test_a_read_only_share_lets_nobody_write_contacts(people: People) -> None:
    customer = make.customer(people.alice)
    make.contact(customer, people.alice)
    Customer.share_tables().share(customer, people.charlie, editable=False, by=people.alice)
    assert Contact.objects.visible_to(people.charlie).count() == 1
    assert Contact.objects.visible_to(people.charlie, "change").count() == 0
