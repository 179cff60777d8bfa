"""How many customers one may hold and claim, and how soon one may take back what one had.

The numbers stand per role (`PoolLimit`). Of several roles that have them the most generous counts; an empty
number is no limit. Checks run under a lock on the person, in this order: holding cap, claims of the day,
cool-down, bar on new arrivals; the first that fails is the answer, with the day on which it will pass.
Everything is counted from the ledger of owners, so nothing is used up by a claim that was refused, and
giving back makes no claim undone. Days are calendar days: a bar of N days ends when more than N have passed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.kernel.dates import start_of_day, today
from crm.kernel.errors import Refused
from crm.org.models import User
from crm.record.models import OwnerChange
from customers.models import Customer, PoolLimit

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True)
class Limits:
    """What counts for one person; None is no limit, days are calendar days."""

    held: int | None = None
    claims_a_day: int | None = None
    cool_down_days: int = 0
    arrival_days: int = 0


def limits_of(user: User) -> Limits:
    """The most generous numbers of the user's roles."""
    rules = list(PoolLimit.objects.filter(role__users=user))
    if not rules:
        return Limits()
    return Limits(
        held=_most(rule.held for rule in rules),
        claims_a_day=_most(rule.claims_a_day for rule in rules),
        cool_down_days=min(rule.cool_down_days for rule in rules),
        arrival_days=min(rule.arrival_days for rule in rules),
    )


def check_claim(customer: Customer, user: User) -> None:
    """Raise `Refused` if the user may not take this customer from the pool today."""
    limits = _locked(user)
    _check_held(user, limits, oneself=True)
    if limits.claims_a_day is not None and claims_today(user) >= limits.claims_a_day:
        raise Refused(
            _("You have claimed %(count)s customers today, as many as your role allows. Try again on %(day)s.")
            % {"count": limits.claims_a_day, "day": today() + timedelta(days=1)}
        )
    _check_bars(customer, user, limits)


def check_application(customer: Customer, user: User) -> None:
    """Raise `Refused` if the user could not have this customer now even if somebody agreed."""
    limits = _locked(user)
    _check_held(user, limits, oneself=True)
    _check_bars(customer, user, limits)


def check_room(receiver: User) -> None:
    """Raise `Refused` if the person holds as many customers as their role allows."""
    _check_held(receiver, _locked(receiver), oneself=False)


def in_words(user: User) -> str:
    """What the user may still take, where their role limits it; else nothing."""
    limits, said = limits_of(user), []
    if limits.claims_a_day is not None:
        left = max(limits.claims_a_day - claims_today(user), 0)
        said.append(
            ngettext("You can claim %(n)s more customer today", "You can claim %(n)s more customers today", left)
            % {"n": left}
        )
    if limits.held is not None:
        said.append(_("You hold %(held)s of at most %(most)s") % {"held": held_by(user), "most": limits.held})
    return " · ".join(said)


def claims_today(user: User) -> int:
    """How many customers the user has claimed today, whatever became of them."""
    return _changes().filter(to_owner=user, action="claim", at__gte=start_of_day(today())).count()


def held_by(user: User) -> int:
    """How many customers the user holds."""
    return Customer.objects.alive().filter(owner=user).count()


def _locked(user: User) -> Limits:
    """The limits of somebody whose counts nobody else changes until the transaction ends."""
    limits = limits_of(user)
    if limits != Limits():
        # Records are always locked before people. Rows that refer to the person may still be written.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return limits


def _check_held(user: User, limits: Limits, *, oneself: bool) -> None:
    if limits.held is None:
        return
    held = held_by(user)
    if held >= limits.held:
        words = {"person": user, "held": held, "most": limits.held}
        raise Refused(
            _("You hold %(held)s customers; your role allows %(most)s.") % words
            if oneself
            else _("%(person)s holds %(held)s customers; their role allows %(most)s.") % words
        )


def _check_bars(customer: Customer, user: User, limits: Limits) -> None:
    released = _last_released(customer, user) if limits.cool_down_days else None
    if released and (free := _free_from(released, limits.cool_down_days)) > today():
        raise Refused(
            _("You had this customer until %(last)s. You can take it again from %(day)s.")
            % {"last": released, "day": free}
        )
    if limits.arrival_days and customer.pool_entered_at:
        free = _free_from(timezone.localdate(customer.pool_entered_at), limits.arrival_days)
        if free > today():
            raise Refused(_("New in the pool: it can be taken from %(day)s.") % {"day": free})


def _last_released(customer: Customer, user: User) -> date | None:
    """The day on which the user last lost the customer; a claim that was undone at once does not count."""
    lost = _changes().filter(object_id=customer.pk, from_owner=user).exclude(action="undo")
    last = lost.order_by("-pk").values_list("at", flat=True).first()
    return timezone.localdate(last) if last else None


def _free_from(day: date, days: int) -> date:
    return day + timedelta(days=days + 1)


def _changes() -> "QuerySet[OwnerChange]":
    return OwnerChange.objects.filter(content_type=ContentType.objects.get_for_model(Customer))


def _most(numbers: Iterable[int | None]) -> int | None:
    known = list(numbers)
    return None if None in known else max(number for number in known if number is not None)
