"""The lists of past imports and exports."""

from typing import Any

import pytest
from django.test import Client

from crm.exchange.models import Export
from crm.org.models import User
from crm.testing.people import People
from tests.exchange.tables import MINE, POOL, imported

pytestmark = pytest.mark.django_db


def page(user: User, path: str) -> str:
    client = Client()
    client.force_login(user, backend="crm.org.auth.Backend")
    answer = client.get(f"/exchange/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_one_sees_ones_own_and_an_administrator_everybodys(people: People) -> None:
    batch, _job = imported(people.alice, MINE, ["客户名称"], ["甲"], [""])
    Export.objects.create(entity=MINE, by=people.alice, columns=["name"], rows=17)
    address = f"/customers/customer/import/{batch.pk}/"
    mine = page(people.alice, "imports/")
    assert address in mine and "客户.csv" in mine and f"?import={batch.pk}" in mine and "30 天" in mine
    assert "客户.csv" not in page(people.bob, "imports/")
    people.root.is_staff = True
    people.root.save(update_fields=["is_staff"])
    assert "客户.csv" in page(people.root, "imports/") and people.alice.real_name in page(people.root, "imports/")
    assert ">17<" in page(people.alice, "exports/") and "7 天" in page(people.alice, "exports/")
    assert ">17<" not in page(people.bob, "exports/") and ">17<" in page(people.root, "exports/")


def test_filters_narrow_it(people: People) -> None:
    imported(people.alice, MINE, ["客户名称"], ["甲"])
    assert "客户.csv" in page(people.alice, f"imports/?kind={MINE}&since=2020-01-01")
    assert "客户.csv" not in page(people.alice, f"imports/?kind={POOL}")
    assert "客户.csv" not in page(people.alice, "imports/?since=2999-01-01")
    assert "客户.csv" in page(people.alice, "imports/?since=x&page=99")
