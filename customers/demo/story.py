"""Half a year of the demo company: customers come in, change hands, are followed up and won.

Everything goes through the same doors as a user's work, under a clock that is set back, so
numbers, histories, messages and facts are what they would be. The same seed gives the same story.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from unittest import mock

from django.utils import timezone

from crm.flow.action import Action
from crm.flow.run import run
from crm.kernel.dates import start_of_day, today
from crm.org.models import Department, User
from crm.record import write
from crm.record.picklists import PicklistOption
from customers import pool as pools
from customers.demo import names, texts
from customers.flows import ownership, pool
from customers.models import Contact, Customer, CustomerFollowUp, FollowUpKind

SEED = 20260101
WEEKS = 26
CUSTOMERS = 300
SELLERS = ("lina", "zhangwei", "chenjing", "zhaoqiang", "sunli", "wutao", "zhengxuemei")
ARRIVE_WEEKLY = 5  # in the pools; salespeople bring the others
FOLLOWED_UP = 6  # customers of one salesperson in a week
# How a customer moves on, from one follow-up to the next.
COURSE = ("初步沟通", "见面拜访", "确定意向", "商务谈判", "赢单")
MOVES_ON, GIVES_UP = 0.4, 0.05


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """The clock of this process stands still at a moment."""
    with mock.patch.object(timezone, "now", return_value=moment):
        yield


class Story:
    """Tells the story; `users` by user name, `options` by list and label."""

    def __init__(self, users: dict[str, User], options: dict[str, dict[str, PicklistOption]]) -> None:
        self.users, self.options = users, options
        self.random = Random(SEED)  # noqa: S311  (a story, not a secret)
        self.names: set[str] = set()
        self.status_labels = {option.pk: label for label, option in options["customers.status"].items()}
        self.regions = list(Department.objects.filter(name__endswith="大区").order_by("pk"))

    def tell(self) -> None:
        """Week by week up to yesterday, then what is planned from today on."""
        first = start_of_day(today()) - timedelta(weeks=WEEKS)
        for week in range(WEEKS):
            days = [first + timedelta(weeks=week, days=day) for day in range(7)]
            self._week(week, [day for day in days if day.weekday() < 5])
        self._yesterday(start_of_day(today()) - timedelta(days=1))

    def _week(self, week: int, days: list[datetime]) -> None:
        """Pool customers arrive and are handed out, salespeople work, managers tidy up."""
        left = CUSTOMERS - len(self.names)
        with at(self._during(days[0], 9)):
            self._arrive(left if week == WEEKS - 1 else min(left, ARRIVE_WEEKLY))
        with at(self._during(days[1], 10)):
            self._hand_out(week)
        sessions = [
            (self._during(self.random.choice(days[1:]), self.random.choice((9, 11, 14, 16))), name) for name in SELLERS
        ]
        for moment, name in sorted(sessions):
            with at(moment):
                self._work(self.users[name], is_last=week == WEEKS - 1)
        with at(self._during(days[4], 17)):
            self._tidy_up(week)

    def _during(self, day: datetime, hour: int) -> datetime:
        return day + timedelta(hours=hour, minutes=self.random.randrange(60), seconds=self.random.randrange(60))

    # -- pools -----------------------------------------------------------------------------------

    def _arrive(self, count: int) -> None:
        manager = self.users["hejing"]
        made = [self._customer() for _ in range(count)]
        for customer in made:
            pools.release(customer, self.random.choice([pools.company_pool(), *self.regions]), state="idle")
        self._write(made, manager)

    def _hand_out(self, week: int) -> None:
        receiver = self.users[self.random.choice(SELLERS)]
        self._do(pool.assign, self._free(2), self.users["zhoumin"], owner=receiver, reason="按区域分配")
        if week % 3 == 0:
            self._decide(self.users["zhangwei"], accepted=week % 2 == 0)

    def _decide(self, applicant: User, *, accepted: bool) -> None:
        wanted = self._reachable(applicant)
        self._do(pool.apply, wanted, applicant, reason=self.random.choice(texts.WHY_APPLIED))
        decide: tuple[Action, dict[str, str]] = (
            (pool.accept, {}) if accepted else (pool.refuse, {"reason": "已安排杭州组跟进"})
        )
        self._do(decide[0], wanted, self.users["wangfang"], **decide[1])

    def _free(self, count: int) -> list[int]:
        free = Customer.objects.alive().filter(owner=None, pool_state__in=("idle", "recycled")).order_by("pk")
        ids = list(free.values_list("pk", flat=True))
        return self.random.sample(ids, min(count, len(ids)))

    # -- a salesperson's week --------------------------------------------------------------------

    def _work(self, seller: User, *, is_last: bool) -> None:
        if len(self.names) < CUSTOMERS - ARRIVE_WEEKLY and self.random.random() < 0.9:
            customer = self._customer()
            pools.give(customer, seller)
            self._write([customer], seller)
        if self.random.random() < 0.2:
            self._do(pool.claim, self._reachable(seller), seller)
        own = list(Customer.objects.alive().filter(owner=seller).order_by("pk"))
        self._follow_up(seller, self.random.sample(own, min(FOLLOWED_UP, len(own))), is_last=is_last)
        if own and self.random.random() < 0.12:
            reason = self.random.choice(texts.WHY_RETURNED)
            self._do(ownership.give_back, [self.random.choice(own).pk], seller, reason=reason)

    def _reachable(self, seller: User) -> list[int]:
        ids = list(
            Customer.objects.visible_to(seller, "claim", part="pool")
            .exclude(pool_state="applied")
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        return [self.random.choice(ids)] if ids else []

    def _follow_up(self, seller: User, customers: list[Customer], *, is_last: bool) -> None:
        contacts = self._primary(customers)
        made = [self._said(seller, customer, contacts.get(customer.pk), is_last=is_last) for customer in customers]
        write.insert(made, seller)
        self._won([f.customer for f in made if f.status_after == self._option("status", COURSE[-1])], seller)

    def _won(self, customers: list[Customer], seller: User) -> None:
        """Those who bought for the first time."""
        bought = self._option("kind", "成交客户")
        ids = [customer.pk for customer in customers if customer.kind_id != bought.pk]
        if not ids:
            return
        fresh = list(Customer.objects.filter(pk__in=ids).order_by("pk"))
        for customer in fresh:
            customer.kind = bought
            customer.invoice_title, customer.tax_number = customer.name, customer.credit_code
            customer.bank, customer.bank_account = "招商银行", f"6225{self.random.randrange(10**12):012d}"
        write.update(fresh, seller)

    def _said(self, seller: User, customer: Customer, contact: Contact | None, *, is_last: bool) -> CustomerFollowUp:
        state = self._next_state(customer)
        said_at = start_of_day(today()) - timedelta(days=self.random.randrange(1, 3))
        has_next = is_last and self.random.random() < 0.6
        return CustomerFollowUp(
            customer=customer,
            contact=contact,
            owner=seller,
            kind=FollowUpKind.RECORD,
            method=self._any("follow_up_method"),
            at=self._during(said_at, self.random.choice((9, 10, 11, 14, 15, 16, 17))),
            content=texts.said(self.random, state, _called(contact)),
            status_after=self._option("status", state),
            next_at=start_of_day(today()) + timedelta(days=self.random.randrange(4, 18), hours=10)
            if has_next
            else None,
        )

    def _next_state(self, customer: Customer) -> str:
        now = self.status_labels.get(customer.status_id or 0, COURSE[0])
        chance = self.random.random()
        if chance < GIVES_UP:
            return "暂缓"
        if now in COURSE[:-1] and chance > 1 - MOVES_ON:
            return COURSE[COURSE.index(now) + 1]
        return now

    # -- managers --------------------------------------------------------------------------------

    def _tidy_up(self, week: int) -> None:
        manager = self.users["wangfang"]
        theirs = list(
            Customer.objects.visible_to(manager, "recycle", part="owned")
            .exclude(kind__label="成交客户")
            .order_by("last_follow_up_at", "pk")[:8]
        )
        if week % 2 and theirs:
            customer = self.random.choice(theirs)
            self._do(ownership.recycle, [customer.pk], manager, pool=self.regions[0], reason="超过60天未跟进")
        elif theirs:
            customer = self.random.choice(theirs)
            colleague = self.users[
                self.random.choice([name for name in SELLERS[:5] if self.users[name] != customer.owner])
            ]
            self._do(ownership.transfer, [customer.pk], manager, owner=colleague, reason="调整负责区域")

    def _yesterday(self, day: datetime) -> None:
        """What is open when somebody first looks: applications, plans, shares."""
        with at(self._during(day, 15)):
            for name in ("zhangwei", "sunli", "wutao", "zhengxuemei"):
                wanted = self._reachable(self.users[name])
                self._do(pool.apply, wanted, self.users[name], reason=self.random.choice(texts.WHY_APPLIED))
        with at(self._during(day, 17)):
            for name in SELLERS:
                self._plan(self.users[name])
            self._share("lina", "sunli", editable=False)
            self._share("zhaoqiang", "zhangwei", editable=True)
            self._share("wutao", "zhengxuemei", editable=True)

    def _plan(self, seller: User) -> None:
        own = list(Customer.objects.alive().filter(owner=seller).order_by("-last_follow_up_at", "pk")[:15])
        chosen = self.random.sample(own, min(5, len(own)))
        contacts = self._primary(chosen)
        moments = [
            start_of_day(today()) + timedelta(days=2 + 2 * n, hours=self.random.choice((9, 10, 14, 15)))
            for n in range(5)
        ]
        write.insert(
            [
                CustomerFollowUp(
                    customer=customer,
                    contact=contacts.get(customer.pk),
                    owner=seller,
                    kind=FollowUpKind.PLAN,
                    method=self._any("follow_up_method"),
                    at=moment,
                    content=texts.planned(self.random, _called(contacts.get(customer.pk))),
                )
                for customer, moment in zip(chosen, moments, strict=False)
            ],
            seller,
        )

    def _share(self, owner: str, receiver: str, *, editable: bool) -> None:
        own = list(Customer.objects.alive().filter(owner=self.users[owner]).order_by("pk"))
        customer = self.random.choice(own)
        Customer.share_tables().share(customer, self.users[receiver], editable=editable, by=self.users[owner])

    # -- records ---------------------------------------------------------------------------------

    def _customer(self) -> Customer:
        company = names.company(self.random)
        while company.name in self.names:
            company = names.company(self.random)
        self.names.add(company.name)
        random, city = self.random, company.city
        return Customer(
            name=company.name,
            short_name=company.short_name,
            credit_code=names.credit_code(random, city) if random.random() < 0.8 else "",
            kind=self._option("kind", "意向客户"),
            customer_class=random.choices("ABCD", (1, 3, 4, 2))[0],
            status=self._option("status", COURSE[0]),
            source=self._any("source"),
            industry=self._option("industry", company.industry),
            scale=self._any("scale"),
            region=city.region,
            address=names.address(random, city),
            phone=names.landline(random, city),
            website=f"https://www.{names.latin(company.short_name)}.example.com" if random.random() < 0.6 else "",
            remarks=random.choice(texts.REMARKS) if random.random() < 0.15 else "",
        )

    def _write(self, customers: list[Customer], by: User) -> None:
        write.insert(customers, by)
        write.insert([contact for customer in customers for contact in self._contacts(customer, by)], by)

    def _contacts(self, customer: Customer, by: User) -> list[Contact]:
        count = self.random.choices((1, 2, 3), (6, 3, 1))[0]
        return [self._contact(customer, by, is_first=number == 0) for number in range(count)]

    def _contact(self, customer: Customer, by: User, *, is_first: bool) -> Contact:
        random = self.random
        name, gender = names.person(random)
        unit, title = random.choice(texts.POSTS)
        birthday = date(random.randrange(1968, 2001), random.randrange(1, 13), random.randrange(1, 29))
        return Contact(
            customer=customer,
            owner=by,
            name=name,
            gender=gender,
            primary=is_first,
            unit=unit,
            title=title,
            role=self._any("contact_role"),
            mobile=names.mobile(random),
            email=f"{names.latin(name)}@{names.latin(customer.short_name)}.example.com"
            if random.random() < 0.7
            else "",
            wechat=f"{names.latin(name)}{random.randrange(100):02d}" if random.random() < 0.5 else "",
            birthday=birthday if random.random() < 0.4 else None,
            lunar_birthday=random.random() < 0.2,
            hobbies=random.choice(texts.HOBBIES) if random.random() < 0.3 else "",
        )

    def _primary(self, customers: list[Customer]) -> dict[int, Contact]:
        found = Contact.objects.alive().filter(customer__in=customers, primary=True)
        return {contact.customer_id: contact for contact in found}

    def _option(self, list_name: str, label: str) -> PicklistOption:
        return self.options[f"customers.{list_name}"][label]

    def _any(self, list_name: str) -> PicklistOption:
        return self.random.choice(list(self.options[f"customers.{list_name}"].values()))

    def _do(self, action: Action, ids: list[int], by: User, **data: Any) -> None:
        if ids:
            run(action, Customer, ids, by=by, data=data)


def _called(contact: Contact | None) -> str:
    """How a colleague is told whom one spoke to: 陈总, 李经理."""
    if contact is None:
        return "对方"
    return contact.name[0] + texts.ADDRESSED.get(contact.title, contact.title[-2:])
