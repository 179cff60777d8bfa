"""Tokens of forms that were sent."""

from uuid import uuid4

import pytest

from crm.kernel.dates import now
from crm.record.models import Submission
from crm.record.submissions import KEPT, forget_old, once
from crm.testing.people import People
from tests.customers import make


def test_without_a_valid_token_every_call_creates(people: People) -> None:
    made = [once(people.alice, token, lambda: make.customer(people.alice)) for token in ("", "", "x")]
    assert len({pk for pk, _ in made}) == 3 and all(fresh for _, fresh in made)


def test_a_failure_leaves_the_token_free(people: People) -> None:
    def fail() -> None:
        raise ValueError("broken")

    token = str(uuid4())
    with pytest.raises(ValueError, match="broken"):
        once(people.alice, token, fail)  # type: ignore[arg-type]
    assert not Submission.objects.exists()
    pk, fresh = once(people.alice, token, lambda: make.customer(people.alice))
    assert fresh and once(people.alice, token, fail) == (pk, False)  # type: ignore[arg-type]


def test_old_tokens_are_forgotten(people: People) -> None:
    for age in (KEPT * 0.9, KEPT * 1.1):
        Submission.objects.create(user=people.alice, token=uuid4(), at=now() - age)
    forget_old()
    assert Submission.objects.get().at > now() - KEPT
