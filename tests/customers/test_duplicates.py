"""Which customers a form calls likely duplicates."""

import pytest
from django.utils.translation import override

from crm.testing.people import People
from customers.duplicates import similar
from tests.customers import make


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"name": "未来科技（杭州）股份有限公司"}, "same core of the name"),
        ({"name": "杭州未来科技"}, "same core of the name"),
        ({"phone": "0571 8888 6666"}, "same phone"),
        ({"phone": "138 1234 5678"}, "same phone at a contact"),
        ({"credit_code": "91350100m000100y43"}, "same credit code"),
    ],
)
def test_the_same_customer_is_found_however_it_is_written(people: People, values: dict[str, str], reason: str) -> None:
    customer = make.customer(people.bob, phone="0571-88886666", credit_code="91350100M000100Y43")
    make.contact(customer, people.bob, mobile="13812345678")
    (hit,) = similar(values, people.alice)
    assert (hit.name, hit.owner, hit.department) == ("杭州未来科技有限公司", "张伟", "上海一部")
    with override("en"):
        assert str(hit.reason) == reason


def test_others_are_not(people: People) -> None:
    make.customer(people.bob, name="上海华信贸易有限公司")
    assert similar({"name": "杭州未来科技", "phone": "12", "credit_code": "1"}, people.alice) == []


def test_it_says_whether_the_user_may_open_it(people: People) -> None:
    make.customer(people.bob)
    assert [similar({"name": "未来科技"}, person)[0].visible for person in (people.alice, people.carol)] == [
        False,
        True,
    ]


def test_at_most_five_and_not_the_customer_itself(people: People) -> None:
    customers = [make.customer(people.bob) for _ in range(7)]
    hits = similar({"name": "未来科技"}, people.alice, exclude=customers[0].pk)
    assert len(hits) == 5 and customers[0].pk not in {hit.pk for hit in hits}
