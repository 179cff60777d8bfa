"""Recycle rules: whom they reach and when, exemptions, warnings, the nightly run, and its forecast."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone, translation

from crm.jobs.models import Job
from crm.notify.models import Message
from crm.record.models import Change, OwnerChange
from crm.testing.people import People
from customers import jobs
from customers.models import Customer, RecycleRule
from customers.recycling.due import reached, verdicts
from customers.recycling.forecast import forecast
from customers.recycling.run import recycle_chunk, warn_ahead
from tests.customers import make

pytestmark = pytest.mark.django_db
ASSIGNED = datetime(2026, 3, 2, 12, tzinfo=timezone.get_default_timezone())  # a Monday
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with translation.override("en"), time_machine.travel(ASSIGNED, tick=False) as traveller:
        yield traveller


def rule(**given: Any) -> RecycleRule:
    made = RecycleRule(**{"name": "10 天未跟进", "days": 10, "active": True, **given})
    made.save()
    return made


def on(days: int) -> date:
    """The day so many days after the assignment."""
    return date(2026, 3, 2) + days * DAY


def why(one: RecycleRule, customer: Customer, day: date) -> str:
    (verdict,) = verdicts([one], customer, day)
    return verdict.text


def leaves(one: RecycleRule, customer: Customer, days: int) -> bool:
    return reached(one, on(days)).filter(pk=customer.pk).exists()


def test_it_leaves_when_more_than_so_many_days_have_passed_since_it_was_assigned(people: People) -> None:
    customer = make.customer(people.alice)
    assert not leaves(rule(), customer, 10)
    assert leaves(RecycleRule.objects.get(), customer, 11)


def test_a_follow_up_starts_the_days_again(people: People, clock: Any) -> None:
    customer = make.customer(people.alice)
    clock.move_to(ASSIGNED + 5 * DAY)
    make.follow_up(customer, people.alice)
    assert not leaves(rule(), customer, 15)
    assert leaves(RecycleRule.objects.get(), customer, 16)


def test_an_old_follow_up_does_not_count_against_a_new_owner(people: People, clock: Any) -> None:
    customer = make.customer(people.bob)
    make.follow_up(customer, people.bob)
    Customer.objects.filter(pk=customer.pk).update(owned_since=ASSIGNED + 8 * DAY)
    assert not leaves(rule(), customer, 18)
    assert leaves(RecycleRule.objects.get(), customer, 19)


def test_calendar_days_are_those_of_shanghai(people: People) -> None:
    customer = make.customer(people.alice)
    # 00:30 on 3 March in Shanghai is still 2 March in UTC.
    Customer.objects.filter(pk=customer.pk).update(owned_since=datetime(2026, 3, 2, 16, 30, tzinfo=UTC))
    assert not leaves(rule(), customer, 11)
    assert leaves(RecycleRule.objects.get(), customer, 12)


def test_working_days_pass_over_weekends(people: People) -> None:
    customer = make.customer(people.alice)
    five = rule(days=5, working_days=True)
    assert not leaves(five, customer, 7)  # Monday: five working days have passed
    assert leaves(five, customer, 8)


@pytest.mark.parametrize("trigger", ["opportunity", "order"])
def test_other_triggers_look_at_their_own_last_time(people: People, trigger: str) -> None:
    customer = make.customer(people.alice)
    make.follow_up(customer, people.alice)
    one = rule(trigger=trigger, exempt_ordered=False)
    assert leaves(one, customer, 11)
    Customer.objects.filter(pk=customer.pk).update(**{f"last_{trigger}_at": ASSIGNED + 4 * DAY})
    assert not leaves(one, customer, 14)
    assert leaves(one, customer, 15)


def test_conditions_narrow_a_rule(people: People) -> None:
    kind, other = make.option("customers.kind", "意向客户"), make.option("customers.kind", "老客户")
    source = make.option("customers.source", "展会")
    wanted = make.customer(people.alice, name="甲", kind=kind, source=source, customer_class="A")
    for n, given in enumerate(
        (
            {"kind": other, "source": source, "customer_class": "A"},
            {"kind": kind, "customer_class": "A"},
            {"kind": kind, "source": source},
        )
    ):
        make.customer(people.alice, name=f"乙{n}", **given)
    make.customer(people.charlie, name="丙", kind=kind, source=source, customer_class="A")
    one = rule(kinds=[kind.pk], sources=[source.pk], classes=["A", "B"], department=people.east)
    assert list(reached(one, on(11)).values_list("pk", flat=True)) == [wanted.pk]


def test_exemptions_protect(people: People) -> None:
    kind = make.option("customers.kind", "成交客户")
    ordered = make.customer(people.alice, name="甲", last_order_at=ASSIGNED)
    shared = make.customer(people.alice, name="乙")
    Customer.share_tables().share(shared, people.bob, editable=False, by=people.alice)
    won = make.customer(people.alice, name="丙", kind=kind)
    plain = make.customer(people.alice, name="丁")
    one = rule(exempt_kinds=[kind.pk])
    assert list(reached(one, on(11)).values_list("pk", flat=True)) == [plain.pk]
    assert [why(one, customer, on(11)) for customer in (ordered, shared, won)] == [
        "Exempt: it has ordered.", "Exempt: it is shared.", "Exempt: its kind.",
    ]  # fmt: skip
    one.exempt_kinds, one.exempt_ordered, one.exempt_shared = [], False, False
    assert reached(one, on(11)).count() == 4


def test_it_says_why_and_when(people: People) -> None:
    customer, idle = make.customer(people.alice), make.customer(name="公海的")
    one = rule()
    assert why(one, customer, on(3)) == "Counted from 2026-03-02, it leaves on 2026-03-13 if nothing happens before."
    assert "leaves in the next run" in why(one, customer, on(11))
    assert why(one, idle, on(11)) == "It belongs to nobody."
    assert why(rule(name="老客户", kinds=[0]), customer, on(11)) == "The rule is for other customers."


def test_all_rules_are_asked_in_one_query(people: People, django_assert_num_queries: Any) -> None:
    customer = make.customer(people.alice)
    rules = [rule(name=f"{days} 天", days=days) for days in (30, 10, 20)]
    with django_assert_num_queries(1):
        said = verdicts(rules, customer, on(0))
    assert [(one.rule.days, one.on) for one in said] == [(30, on(31)), (10, on(11)), (20, on(21))]


def test_the_page_of_a_customer_tells_when_it_leaves_and_why(client: Client, people: People) -> None:
    customer = make.customer(people.alice)
    rule(), rule(name="停用", active=False)
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    page = client.get(f"/customers/customer/{customer.pk}/").content.decode()
    assert "11 天后回收到公海" in page
    assert "10 天未跟进" in page and "停用" not in page


def test_a_customer_of_the_pool_has_no_such_note(client: Client, people: People) -> None:
    rule()
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    page = client.get(f"/customers/customer/{make.customer().pk}/").content.decode()
    assert "后回收到公海" not in page and "10 天未跟进" not in page


def test_recycling_writes_owner_history_and_tells_the_owner_once(people: People, clock: Any) -> None:
    made = [make.customer(people.alice, name=name) for name in "甲乙"]
    kept = make.customer(people.bob, name="丙")
    clock.move_to(ASSIGNED + 10 * DAY)
    make.follow_up(kept, people.bob)
    clock.move_to(ASSIGNED + 11 * DAY)
    one = rule()

    assert recycle_chunk(one, 0, on(11)).recycled == 2
    assert recycle_chunk(one, 0, on(11)).recycled == 0

    for customer in made:
        customer.refresh_from_db()
        assert (customer.owner, customer.pool, customer.pool_state) == (None, people.alice.department, "recycled")
        assert (
            OwnerChange.objects.filter(object_id=customer.pk, from_owner=people.alice, to_owner=None, by=None).count()
            == 1
        )
        assert Change.objects.filter(object_id=customer.pk, action="recycle", reason=one.name).count() == 1
    assert [message.user for message in Message.objects.all()] == [people.alice]
    assert Customer.objects.get(pk=kept.pk).owner == people.bob


def test_a_rule_may_name_the_pool(people: People) -> None:
    customer = make.customer(people.alice)
    recycle_chunk(rule(pool=people.company), 0, on(11))
    customer.refresh_from_db()
    assert customer.pool == people.company


def test_owners_are_warned_once_for_each_day_on_which_a_customer_would_leave(people: People, clock: Any) -> None:
    customer = make.customer(people.alice, name="甲")
    make.customer(people.alice, name="乙")
    make.customer(people.bob, name="丙")
    rules = [rule(warn_days=3)]
    assert warn_ahead(rules, on(7)) == 0
    assert warn_ahead(rules, on(8)) == 3
    assert warn_ahead(rules, on(8)) == warn_ahead(rules, on(9)) == 0
    assert sorted(str(m.user) for m in Message.objects.all()) == sorted([str(people.alice), str(people.bob)])

    clock.move_to(ASSIGNED + 9 * DAY)
    make.follow_up(customer, people.alice)

    assert warn_ahead(rules, on(17)) == 1


def test_the_forecast_is_what_the_runs_will_do(people: People) -> None:
    made = [make.customer(people.alice, name=f"客户{n}") for n in range(5)]
    for n, customer in enumerate(made):
        Customer.objects.filter(pk=customer.pk).update(owned_since=ASSIGNED - 7 * n * DAY)
    rules = [rule(days=10), rule(name="工作日", days=5, working_days=True)]
    with forecast(rules, on(0)) as found:
        rows = found.rows(0, 50)
        assert found.count() == len(rows) == 5
        assert sum(n for _, n in found.by("on_day")) == sum(n for _, n in found.by("rule_id")) == 5
        assert found.by("owner_id") == [(people.alice.pk, 5)]
        assert found.rows(0, 50, owner_id=people.bob.pk) == []
    for row in rows:
        due = [one for one in rules if reached(one, row.on).filter(pk=row.customer_id).exists()]
        assert row.rule_id in [one.pk for one in due]
        before = row.on - DAY
        if before >= on(0):
            assert not any(reached(one, before).filter(pk=row.customer_id).exists() for one in rules)


def test_the_forecast_of_no_rule_is_empty(people: People) -> None:
    make.customer(people.alice)
    with forecast([], on(0)) as found:
        assert found.count() == 0


def test_the_night_runs_every_active_rule_once(people: People, clock: Any) -> None:
    for n in range(3):
        make.customer(people.alice, name=f"客户{n}")
    rule(), rule(name="停用", days=1, active=False)
    clock.move_to(ASSIGNED + 11 * DAY)

    for _ in range(2):
        jobs.recycle_daily(timezone.now())
    job = Job.objects.get()
    while jobs.recycle(job):
        pass

    assert job.done == 3
    assert Customer.objects.filter(owner=None, pool_state="recycled").count() == 3


def test_without_an_active_rule_nothing_starts(people: People) -> None:
    rule(active=False)
    jobs.recycle_daily(timezone.now())
    assert not Job.objects.exists()
