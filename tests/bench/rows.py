"""What the measured database holds: a company of a thousand salespeople, and their customers."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from random import Random
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from crm.kernel.china import phones
from crm.kernel.china.companies import company_key
from crm.org.models import Scope, User
from crm.record.models import Change, OwnerChange
from crm.record.search import search_text
from crm.testing.people import department, role, user
from customers import defaults
from customers.demo import names, texts
from customers.models import Contact, Customer, CustomerFollowUp

FOLLOW_UPS = 5  # of each customer
DIVISIONS, TEAMS, TEAM_SIZE = 5, 8, 25
POOL_SHARE = 0.1
END = datetime(2026, 1, 1, 18, tzinfo=timezone(timedelta(hours=8)))
SPAN = timedelta(days=5 * 365)
PAUSE = timedelta(days=9)  # between two follow-ups of a customer
# A word that stands in so many names, at every scale.
RARE_WORD, RARE_NAMES = "麒麟", 50
SIGNS = (
    "安宝博诚创德鼎东方丰福富高格光广国海汉航恒宏鸿华汇惠吉佳嘉建江金锦京精景九凯康科坤蓝乐力利联龙隆美明南宁鹏普奇启千乾强庆泉"
    "仁日荣瑞润三森山善尚升生胜盛世顺思泰腾天通同万维伟文西祥新鑫信兴星旭轩雅阳耀亿益银永友元源远悦云运泽展振正志中众卓"
)

Row = dict[str, Any]


class Rows:
    """The rows of one scale; each list of rows is made anew, and the same, whenever it is asked for."""

    def __init__(self, customers: int) -> None:
        self.count = customers
        self.root, self.sellers, self.departments, self.pools = _company()
        # Looked up now: while rows are copied the connection is busy.
        self.content_type = ContentType.objects.get_for_model(Customer).pk
        self.options = {
            key: [option.pk for option in options.values()] for key, options in defaults.load_options().items()
        }
        random = Random(2)
        self.owners = [
            None if random.random() < POOL_SHARE else random.randrange(len(self.sellers)) for _ in range(customers)
        ]
        self.created = [END - SPAN + SPAN * (n / customers) for n in range(customers)]

    def tables(self) -> Iterator[tuple[type[Model], Iterator[Row]]]:
        """Each table with its rows, parents first."""
        yield Customer, self.customers()
        yield Contact, self.contacts()
        yield CustomerFollowUp, self.follow_ups()
        yield Change, self.changes()
        yield OwnerChange, self.owner_changes()

    def customers(self) -> Iterator[Row]:
        """Nine of ten owned, the others in pools; ids count from 1."""
        random = Random(3)
        rare = set(Random(4).sample(range(self.count), RARE_NAMES))
        for n in range(self.count):
            city = random.choice(names.CITIES)
            word = RARE_WORD if n in rare else random.choice(SIGNS) + random.choice(SIGNS)
            industry = random.choice(tuple(names.INDUSTRIES))
            name = f"{city.short}{word}{random.choice(names.INDUSTRIES[industry])}{random.choice(names.FORMS)}"
            phone = names.landline(random, city) if n % 3 else names.mobile(random)
            code, number = names.credit_code(random, city), f"KH{n + 1:09d}"
            yield {
                **self._kept(n),
                **self._held(n, random),
                **{
                    field: random.choice(self.options[f"customers.{field}"])
                    for field in ("kind", "status", "source", "industry", "scale")
                },
                "number": number,
                "name": name,
                "short_name": city.short + word,
                "phone": phone,
                "credit_code": code,
                "customer_class": random.choice("ABCD"),
                "region": city.region,
                "address": names.address(random, city),
                "search": search_text([name, city.short + word], [phone], [number, code]),
                "name_key": company_key(name),
                "phone_key": phones.normalize(phone),
                "last_follow_up_at": self._said_at(n, FOLLOW_UPS - 1),
                "last_follow_up": self._said(n, FOLLOW_UPS - 1)[0],
                "next_follow_up_at": END + PAUSE * random.random() if n % 4 == 0 else None,
            }

    def contacts(self) -> Iterator[Row]:
        """One for each customer."""
        random = Random(5)
        for n in range(self.count):
            (name, gender), mobile, number = names.person(random), names.mobile(random), f"LX{n + 1:09d}"
            yield {
                **self._kept(n),
                "number": number,
                "customer": n + 1,
                "name": name,
                "gender": gender,
                "primary": True,
                "mobile": mobile,
                "role": random.choice(self.options["customers.contact_role"]),
                "search": search_text([name], [mobile], [number]),
            }

    def follow_ups(self) -> Iterator[Row]:
        """Five for each customer, the first ones of all, then the second ones."""
        methods = self.options["customers.follow_up_method"]
        for turn in range(FOLLOW_UPS):
            for n in range(self.count):
                content, pieces = self._said(n, turn)
                number = f"GJ{turn * self.count + n + 1:09d}"
                yield {
                    **self._kept(n),
                    "number": number,
                    "customer": n + 1,
                    "contact": n + 1,
                    "kind": "record",
                    "method": methods[(n + turn) % len(methods)],
                    "at": self._said_at(n, turn),
                    "content": content,
                    "search": f"{search_text([], codes=[number])} {pieces}",
                }

    def changes(self) -> Iterator[Row]:
        """That each customer was created."""
        for n in range(self.count):
            yield {
                "content_type": self.content_type,
                "object_id": n + 1,
                "at": self.created[n],
                "by": self._person(n),
                "action": "create",
            }

    def owner_changes(self) -> Iterator[Row]:
        """Who got each owned customer first."""
        for n, owner in enumerate(self.owners):
            if owner is not None:
                person = self._person(n)
                yield {
                    "content_type": self.content_type,
                    "object_id": n + 1,
                    "at": self.created[n],
                    "by": person,
                    "to_owner": person,
                    "action": "create",
                }

    def _kept(self, n: int) -> Row:
        person = self._person(n)
        return {
            "owner": person,
            "department": self.departments[self.owners[n] or 0],
            "created_at": self.created[n],
            "updated_at": self.created[n],
            "created_by": person,
            "updated_by": person,
        }

    def _held(self, n: int, random: Random) -> Row:
        if self.owners[n] is not None:
            return {"pool_state": "assigned", "owned_since": self.created[n]}
        pool = random.choice(self.pools)
        state = random.choice(("idle", "recycled"))
        return {"department": pool, "pool": pool, "pool_state": state, "pool_entered_at": self.created[n]}

    def _person(self, n: int) -> int | None:
        owner = self.owners[n]
        return None if owner is None else self.sellers[owner]

    def _said_at(self, n: int, turn: int) -> datetime:
        return min(self.created[n] + PAUSE * (turn + 1), END)

    def _said(self, n: int, turn: int) -> tuple[str, str]:
        return _text((n * 7 + turn) % 1009)


@cache
def _text(n: int) -> tuple[str, str]:
    """One of a thousand contents, and its search text."""
    random = Random(n)
    content = texts.said(random, random.choice(tuple(texts.SAID)), names.person(random)[0])
    return content, search_text([], texts=[content])


def _company() -> tuple[int, list[int], list[int], list[int]]:
    """The root, the salespeople with their departments, and the pools; `boss`, `manager` and `seller0` sign in."""
    own, below, everything = (role(str(scope.label), scope) for scope in (Scope.OWN, Scope.BELOW, Scope.ALL))
    root = department("衡远集团")
    divisions = [department(f"第{n}事业部", root) for n in range(1, DIVISIONS + 1)]
    teams = [department(f"销售{n}组", division) for division in divisions for n in range(1, TEAMS + 1)]
    user("boss", "贺总", root, everything)
    user("manager", "唐经理", divisions[0], below)
    first = user("seller0", "宋敏", teams[0], own)
    random = Random(1)
    others = User.objects.bulk_create(
        User(username=f"seller{n}", real_name=names.person(random)[0], department=teams[n // TEAM_SIZE], password="!")
        for n in range(1, len(teams) * TEAM_SIZE)
    )
    own.users.add(*others)  # type: ignore[attr-defined]
    sellers = [first, *others]
    return (
        root.pk,
        [seller.pk for seller in sellers],
        [s.department_id for s in sellers],
        [root.pk, *(d.pk for d in divisions)],
    )
