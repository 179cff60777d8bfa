"""The list modules of customers."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.entity.declare import Entity, Exchange, Section, Stat, Tab, register
from crm.entity.duplicates import DuplicateCheck
from crm.org.models import User
from customers import duplicates
from customers import pool as pools
from customers.flows import ownership, pool
from customers.forms import FollowUpForm
from customers.models import Contact, Customer, CustomerFollowUp

FIELDS = (
    "name", "short_name", "credit_code", "kind", "customer_class", "status", "source", "industry", "scale",
    "region", "address", "phone", "website", "invoice_title", "tax_number", "bank", "bank_account", "remarks",
)  # fmt: skip
ACTIONS = (
    pool.claim, pool.apply, pool.accept, pool.refuse, pool.withdraw, pool.assign, pool.move,
    ownership.transfer, ownership.recycle, ownership.give_back,
)  # fmt: skip
SECTIONS = (
    Section(_("Basics"), "name", "short_name", "phone", "kind", "customer_class", "status", "source", "industry"),
    Section(_("Company"), "credit_code", "scale", "region", "address", "website", "parent", "remarks"),
    Section(_("Invoicing"), "invoice_title", "tax_number", "bank", "bank_account", folded=True),
)
QUICK = ("name", "phone", "kind", "source", "remarks")
CHECK = DuplicateCheck(("name", "phone", "credit_code"), duplicates.similar)
EXCHANGE = Exchange(
    key=(("number",), ("credit_code",), ("name",)),
    fields=FIELDS,
    export_only=("number", "owner", "pool_state", "created_at"),
)


@register
class CustomerEntity(Entity):
    model = Customer
    title = _("My customers")
    menu, icon, weight = "customers", "building", 20
    part = "owned"
    columns = (
        "name",
        "kind",
        "customer_class",
        "status",
        "owner",
        "phone",
        "last_follow_up_at",
        "last_follow_up",
        "next_follow_up_at",
        "created_at",
    )
    filters = ("kind", "status", "customer_class", "source", "owner", "last_follow_up_at", "created_at")
    sections = SECTIONS
    figures = ("owner", "pool", "last_follow_up_at", "next_follow_up_at")
    quick = QUICK
    stats = (Stat(_("By kind"), group="kind"), Stat(_("By source"), group="source"))
    exchange = EXCHANGE
    actions = ACTIONS
    duplicate_check = CHECK

    def give(self, record: Any, owner: User) -> None:
        """See `customers.pool.give`."""
        pools.give(record, owner)

    def prepare(self, record: Any, user: User) -> None:
        """A customer typed in here belongs to whoever types it."""
        pools.give(record, record.owner or user)


@register
class PoolEntity(Entity):
    model = Customer
    slug = "pool"
    title = _("Public pool")
    menu, icon, weight = "customers", "pool", 10
    canonical = False
    view_perm = "view_pool"
    add_perm = "add_pool"
    part = "pool"
    columns = (
        "name",
        "pool_state",
        "pool",
        "kind",
        "industry",
        "region",
        "source",
        "pool_entered_at",
        "last_follow_up_at",
        "created_at",
    )
    filters = ("pool_state", "pool", "kind", "industry", "source", "created_at")
    sections = SECTIONS
    quick = QUICK
    exchange = EXCHANGE
    actions = ACTIONS
    duplicate_check = CHECK

    def prepare(self, record: Any, user: User) -> None:
        """A customer typed or imported here stands in the company's pool."""
        pools.release(record, record.pool or pools.company_pool(), state=record.pool_state)


@register
class ContactEntity(Entity):
    model = Contact
    menu, icon, weight = "customers", "address-book", 30
    columns = ("name", "customer", "primary", "title", "mobile", "phone", "email", "created_at")
    filters = ("customer", "primary", "role", "created_at")
    sections = (
        Section(_("Basics"), "customer", "name", "primary", "unit", "title", "role", "superior"),
        Section(_("How to reach them"), "mobile", "phone", "email", "wechat"),
        Section(_("Personal"), "gender", "birthday", "lunar_birthday", "hobbies", "remarks", folded=True),
    )
    figures = ("customer", "mobile", "title")
    quick = ("customer", "name", "mobile", "title", "primary")
    tabs = (
        Tab(
            via="customer", columns=("name", "primary", "title", "mobile", "email"), weight=10, order=("-primary", "pk")
        ),
    )
    exchange = Exchange(
        key=(("number",), ("customer", "name")),
        fields=(
            "customer",
            "name",
            "primary",
            "unit",
            "title",
            "role",
            "mobile",
            "phone",
            "email",
            "wechat",
            "gender",
            "birthday",
            "hobbies",
            "remarks",
        ),
        export_only=("number", "created_at"),
    )


@register
class CustomerFollowUpEntity(Entity):
    model = CustomerFollowUp
    form = FollowUpForm
    menu, icon, weight = "customers", "message-dots", 40
    columns = ("at", "customer", "kind", "method", "content", "contact", "status_after", "next_at", "owner")
    filters = ("kind", "method", "customer", "owner", "at", "next_at")
    order = ("-at",)
    sections = (
        Section(_("Basics"), "customer", "contact", "kind", "method", "at", "content", "status_after", "next_at"),
        Section(_("More"), "place", "remarks", folded=True),
    )
    figures = ("customer", "at", "next_at")
    quick = ("customer", "contact", "kind", "method", "at", "content", "status_after", "next_at")
    tabs = (
        Tab(
            via="customer",
            columns=("at", "kind", "method", "content", "contact", "owner"),
            weight=20,
            order=("-at", "-pk"),
            key="L",
            verb=_("Write a follow-up"),
            follow_up=True,
        ),
    )
    stats = (Stat(_("By method"), group="method"),)
    exchange = Exchange(
        key=(("number",),),
        fields=("customer", "contact", "kind", "method", "at", "content", "status_after", "next_at", "remarks"),
        export_only=("number", "owner", "created_at"),
    )
