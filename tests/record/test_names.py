"""Users found by name and pinyin."""

import pytest

from crm.org.models import User
from crm.record.names import names
from crm.testing.people import People

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("words", ["李娜", "娜", "lina", "LiNa", "ln", "li na"])
def test_a_user_is_found_by_name_and_pinyin(people: People, words: str) -> None:
    assert names().find_users(words, 5) == [(people.alice.pk, "李娜")]


def test_only_so_many_are_found_and_nobody_who_has_left(people: People) -> None:
    User.objects.filter(pk=people.alice.pk).update(is_active=False)
    assert names().find_users("lina", 5) == []
    assert len(names().find_users("", 2)) == 2
