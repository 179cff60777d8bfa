"""Whom a recycle rule reaches, and when: one statement over the table for each rule, whatever its size.

A customer leaves in the first nightly run in which more than the rule's days have passed since its base day:
the later of the day on which the owner got it and of the last follow-up (or opportunity, or order). So a
customer without any follow-up counts from the day on which it was assigned, never from nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import BooleanField, DateTimeField, ExpressionWrapper, F, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crm.kernel.china.workdays import any_day, day_after, is_workday, latest_start
from crm.kernel.dates import start_of_day
from customers.models import Customer, RecycleRule

# A condition that everything meets; an empty Q is no expression.
EVERYTHING = Q(pk__isnull=False)
# What each trigger looks at beside the day of assignment.
LAST = {
    RecycleRule.Trigger.FOLLOW_UP: "last_follow_up_at",
    RecycleRule.Trigger.OPPORTUNITY: "last_opportunity_at",
    RecycleRule.Trigger.ORDER: "last_order_at",
}


def reached(rule: RecycleRule, on: date) -> "QuerySet[Any]":
    """The customers that the rule recycles in the run of that day, if nothing happens to them before."""
    return candidates(rule).filter(base__lt=day_limit(rule, on))


def day_limit(rule: RecycleRule, on: date) -> datetime:
    """The run of that day recycles what has a base before this instant."""
    return start_of_day(latest_start(on, rule.days, _counts(rule)) + timedelta(days=1))


def candidates(rule: RecycleRule) -> "QuerySet[Any]":
    """Owned customers that the rule's conditions name and no exemption protects, with `base` as an instant."""
    return with_base(rule).filter(conditions(rule)).exclude(exemptions(rule))


def with_base(rule: RecycleRule) -> "QuerySet[Any]":
    """All owned customers with the instant from which the rule counts."""
    got: Any = Coalesce("owned_since", "created_at", output_field=DateTimeField())
    # GREATEST of PostgreSQL passes over what is missing.
    last = LAST[RecycleRule.Trigger(rule.trigger)]
    return Customer.objects.alive().filter(owner__isnull=False).annotate(base=Greatest(got, F(last)))


def due_on(rule: RecycleRule, base: datetime) -> date:
    """The day of the run that recycles a customer with this base."""
    return _due_day(timezone.localdate(base), rule.days, rule.working_days)


def conditions(rule: RecycleRule) -> Q:
    """What a customer must be for the rule to look at it."""
    wanted = Q()
    for field, values in (("kind", rule.kinds), ("source", rule.sources), ("customer_class", rule.classes)):
        if values:
            wanted &= Q(**{f"{field}__in": values})
    if rule.department:
        wanted &= Q(owner__department__path__startswith=rule.department.path)
    return wanted


def exemptions(rule: RecycleRule) -> Q:
    """What protects a customer from the rule."""
    protected = Q(pk__in=())
    for exempt, condition in _exempt(rule).values():
        if exempt:
            protected |= condition
    return protected


@dataclass(frozen=True)
class Verdict:
    """What a rule does with a customer: the sentence for people, and the day on which it leaves, if it does."""

    rule: RecycleRule
    text: str
    on: date | None = None


def verdicts(rules: Sequence[RecycleRule], customer: Customer, today: date) -> list[Verdict]:
    """Why each of these rules does or does not recycle the customer; one query for all."""
    parts = [_facts(rule, customer) for rule in rules]
    rows = parts[0].union(*parts[1:], all=True) if parts else []
    facts = {row[0]: row[1:] for row in rows}
    return [_verdict(rule, facts.get(rule.pk), today) for rule in rules]


def _facts(rule: RecycleRule, customer: Customer) -> Any:
    asked = {"fits": conditions(rule)} | {f"exempt_{n}": q for n, (_on, q) in enumerate(_exempt(rule).values())}
    answers = {name: ExpressionWrapper(q or EVERYTHING, output_field=BooleanField()) for name, q in asked.items()}
    row = with_base(rule).filter(pk=customer.pk).order_by()
    return row.annotate(rule_id=Value(rule.pk, output_field=IntegerField()), **answers).values_list(
        "rule_id", "base", *answers
    )


def _verdict(rule: RecycleRule, facts: tuple[Any, ...] | None, today: date) -> Verdict:
    if facts is None:
        return Verdict(rule, _("It belongs to nobody."))
    base, fits, *exempt = facts
    if not fits:
        return Verdict(rule, _("The rule is for other customers."))
    for (reason, (granted, _condition)), has in zip(_exempt(rule).items(), exempt, strict=True):
        if granted and has:
            return Verdict(rule, _("Exempt: %(reason)s.") % {"reason": reason})
    day = due_on(rule, base)
    words = {"base": timezone.localdate(base), "days": rule.days, "day": day}
    if day <= today:
        text = _("Counted from %(base)s, more than %(days)s days have passed: it leaves in the next run.") % words
    else:
        text = _("Counted from %(base)s, it leaves on %(day)s if nothing happens before.") % words
    return Verdict(rule, text, max(day, today))


def _exempt(rule: RecycleRule) -> dict[str | Promise, tuple[bool, Q]]:
    """Reason → (whether the rule grants it, who has it)."""
    return {
        _("its kind"): (bool(rule.exempt_kinds), Q(kind__in=rule.exempt_kinds)),
        _("it has ordered"): (rule.exempt_ordered, Q(last_order_at__isnull=False)),
        _("it is shared"): (rule.exempt_shared, Q(pk__in=Customer.share_tables().all_shared_ids())),
    }


def _counts(rule: RecycleRule) -> Callable[[date], bool]:
    return is_workday if rule.working_days else any_day


@lru_cache(maxsize=4096)
def _due_day(base: date, days: int, working: bool) -> date:
    return day_after(base, days, is_workday if working else any_day)
