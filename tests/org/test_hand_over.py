"""Handing over what a leaving user owns."""

from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.audit.models import Entry
from crm.entity import hand_over as handing
from crm.entity.hand_over import belongings, hand_over
from crm.jobs.run import work
from crm.kernel.errors import Denied, Refused
from crm.org.models import Scope, User
from crm.record import write
from crm.record.models import OwnerChange
from crm.testing.people import People, all_permissions, grant
from crm.web import hand_over as pages
from customers.models import Customer, CustomerFollowUp
from tests.customers import make

KEY = "customers.customer"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="crm.org.auth.Backend")
    return client


def owners() -> list[str]:
    return sorted(str(owner) for owner in User.objects.filter(pk__in=Customer.objects.values("owner")))


def test_all_that_somebody_owns_goes_to_a_colleague(people: People) -> None:
    customers = [make.customer(people.alice, name=f"客户{n}") for n in range(3)]
    make.follow_up(customers[0], people.alice)
    other = make.customer(people.carol, name="别人的")
    assert hand_over(people.alice, {KEY: people.bob}, people.root) == {KEY: 3}
    assert set(Customer.objects.filter(owner=people.bob)) == set(customers)
    assert Customer.objects.get(pk=other.pk).owner == people.carol
    lines = OwnerChange.objects.filter(action="hand_over").values_list("from_owner", "to_owner", "by")
    assert set(lines) == {(people.alice.pk, people.bob.pk, people.root.pk)} and len(lines) == 3
    one = Customer.objects.get(pk=customers[0].pk)
    assert one.department == people.bob.department and one.owned_since > customers[0].owned_since
    assert CustomerFollowUp.objects.get().owner == people.alice, "what follows a customer keeps its author"


def test_doing_it_again_gives_nothing(people: People) -> None:
    make.customer(people.alice)
    hand_over(people.alice, {KEY: people.bob}, people.root)
    assert hand_over(people.alice, {KEY: people.carol}, people.root) == {KEY: 0}
    assert owners() == ["张伟"] and OwnerChange.objects.filter(action="hand_over").count() == 1


def test_what_lies_in_the_recycle_bin_stays(people: People) -> None:
    customer = make.customer(people.alice)
    write.delete([Customer.objects.get(pk=customer.pk)], people.alice)
    assert hand_over(people.alice, {KEY: people.bob}, people.root) == {KEY: 0}


def test_it_costs_the_same_for_few_and_for_many(people: People) -> None:
    costs = []
    for count in (2, 30):
        for n in range(count):
            make.customer(people.alice, name=f"客户{count}{n}")
        with CaptureQueriesContext(connection) as queries:
            hand_over(people.alice, {KEY: people.bob}, people.root)
        costs.append(len(queries))
    assert costs[0] == costs[1], costs


def test_if_anything_fails_nothing_is_given(people: People) -> None:
    for n in range(3):
        make.customer(people.alice, name=f"客户{n}")
    broken = patch.object(handing.events, "emit", side_effect=RuntimeError)
    with patch.object(handing, "CHUNK", 2), broken, pytest.raises(RuntimeError):
        hand_over(people.alice, {KEY: people.bob}, people.root)
    assert owners() == ["李娜"] and not OwnerChange.objects.filter(action="hand_over").exists()


def test_a_closed_account_receives_nothing(people: People) -> None:
    User.objects.filter(pk=people.bob.pk).update(is_active=False)
    people.bob.refresh_from_db()
    for receiver in (people.bob, people.alice):
        with pytest.raises(Refused):
            hand_over(people.alice, {KEY: receiver}, people.root)


def test_a_manager_hands_over_within_their_scope(people: People) -> None:
    make.customer(people.alice)
    make.customer(people.charlie, name="西部的")
    assert [one.count for one in belongings(people.alice, people.carol) if one.entity.key == KEY] == [1]
    with pytest.raises(Denied):
        belongings(people.charlie, people.carol)
    with pytest.raises(Denied):
        hand_over(people.alice, {KEY: people.bob}, people.bob)
    grant(people.manager, KEY, all_permissions(KEY) - {"transfer"}, Scope.BELOW)
    with pytest.raises(Denied):
        hand_over(people.alice, {KEY: people.bob}, people.carol)
    assert owners() == ["李娜", "赵强"]


# -- the page


def send(by: User, leaver: User, **data: Any) -> Any:
    return signed_in(by).post(f"/hand-over/{leaver.pk}/", data)


def test_the_page_counts_hands_over_and_closes_the_account(people: People) -> None:
    make.customer(people.alice)
    alice, root = signed_in(people.alice), signed_in(people.root)
    assert alice.get("/customers/customer/").status_code == 200
    assert "李娜" in root.get(f"/hand-over/{people.alice.pk}/").content.decode()
    assert send(people.root, people.alice, to=people.bob.pk, close="on").status_code == 302
    assert owners() == ["张伟"]
    assert alice.get("/customers/customer/").status_code == 302
    page = root.get(f"/hand-over/{people.alice.pk}/").content.decode()
    assert "→ 张伟" in page
    assert Entry.objects.get(action="hand_over", entity="org.user").count == 1


def test_a_receiver_may_be_chosen_for_each_kind(people: People) -> None:
    make.customer(people.alice)
    send(people.root, people.alice, **{"to": people.bob.pk, f"to:{KEY}": people.carol.pk})
    assert owners() == ["王芳"]


def test_the_page_refuses_with_a_sentence(people: People) -> None:
    make.customer(people.alice)
    answer = send(people.root, people.alice)
    assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
    send(people.root, people.root, close="on", to=people.bob.pk)
    assert User.objects.get(pk=people.root.pk).is_active


def test_a_large_one_is_a_job(people: People) -> None:
    for n in range(3):
        make.customer(people.alice, name=f"客户{n}")
    with patch.object(pages, "AT_ONCE", 2):
        send(people.root, people.alice, to=people.bob.pk)
    assert owners() == ["李娜"]
    work("test")
    assert owners() == ["张伟"]


def test_others_do_not_reach_the_page(people: People) -> None:
    make.customer(people.alice)
    for user in (people.bob, people.charlie):
        assert signed_in(user).get(f"/hand-over/{people.alice.pk}/").status_code == 403
        assert send(user, people.alice, to=user.pk).status_code == 403
    assert signed_in(people.carol).get(f"/hand-over/{people.alice.pk}/").status_code == 200
    assert send(people.carol, people.alice, to=people.bob.pk, close="on").status_code == 302
    assert User.objects.get(pk=people.alice.pk).is_active, "managers close no accounts"


def test_the_administration_leads_to_it(people: People) -> None:
    root = signed_in(people.root)
    chosen = {"action": "hand_over", "_selected_action": [people.alice.pk]}
    assert root.post("/admin/org/user/", chosen).headers["Location"] == f"/hand-over/{people.alice.pk}/"
    chosen["action"] = "deactivate"
    page = root.post("/admin/org/user/", chosen, follow=True).content.decode()
    assert f"/hand-over/{people.alice.pk}/" in page
