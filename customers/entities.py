"""The list modules of customers."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.entity.declare import Entity, Exchange, Note, Section, Stat, Tab, register
from crm.entity.duplicates import DuplicateCheck
from crm.org.models import User
from customers import duplicates, limits
from customers import pool as pools
from customers.flows import ownership, pool
from customers.forms import FollowUpForm
from customers.models import Contact, Customer, CustomerFollowUp
from customers.recycling.notes import leaving

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
# How other systems and people's own tables head these columns.
ALIASES = {
    "name": (
        "公司名称", "单位名称", "企业名称", "公司", "单位", "企业", "客户", "客户名", "名称", "公司全称", "客户全称",
        "company", "company name", "customer", "account", "account name", "organisation", "organization", "name",
    ),
    "short_name": ("简称", "客户简称", "公司简称", "企业简称", "abbreviation"),
    "credit_code": ("信用代码", "社会信用代码", "统一信用代码", "uscc", "credit code"),
    "kind": ("客户类型", "客户类别", "customer type"),
    "customer_class": ("客户等级", "客户级别", "等级", "级别", "grade", "class"),
    "status": ("跟进阶段", "跟进进度", "stage"),
    "source": ("客户来源", "来源渠道", "渠道", "线索来源", "lead source"),
    "industry": ("所属行业", "行业类别", "行业分类", "sector"),
    "scale": ("公司规模", "企业规模", "人员规模", "人数", "company size", "size", "employees"),
    "region": ("所在地区", "所在地", "省市", "城市", "所属区域", "区域", "city"),
    "address": ("公司地址", "企业地址", "详细地址", "联系地址", "注册地址", "通讯地址", "street"),
    "phone": (
        "联系电话", "电话号码", "公司电话", "固定电话", "座机", "手机", "手机号", "手机号码", "联系方式",
        "telephone", "tel", "phone number", "mobile", "mobile phone",
    ),
    "website": ("网站", "官网", "公司网站", "公司网址", "主页", "web", "homepage", "url"),
    "invoice_title": ("开票抬头", "发票名称", "抬头", "开票名称"),
    "tax_number": ("纳税人识别号", "纳税识别号", "纳税人税号", "tax id", "vat number"),
    "bank": ("开户银行", "银行", "bank name"),
    "bank_account": ("账号", "银行账户", "开户账号", "银行卡号", "account number"),
    "remarks": ("说明", "描述", "备注说明", "备注信息", "notes", "note", "comment", "comments", "description"),
}  # fmt: skip
EXCHANGE = Exchange(
    key=(("number",), ("credit_code",), ("name",)),
    fields=FIELDS,
    export_only=("number", "owner", "pool_state", "created_at"),
    aliases=ALIASES,
)


@register
class CustomerEntity(Entity):
    model = Customer
    title = _("My customers")
    menu, icon, weight, go = "customers", "building", 20, "C"
    synonyms = _("accounts, clients, companies")
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

    def notes(self, record: Any, user: User) -> list[Note]:
        """When it goes back to the pool by itself, and what each rule says about it."""
        return leaving(record) if record.owner_id else []


@register
class PoolEntity(Entity):
    model = Customer
    slug = "pool"
    title = _("Public pool")
    menu, icon, weight, go = "customers", "pool", 10, "P"
    synonyms = _("open customers, to claim")
    canonical = False
    view_perm = "view_pool"
    add_perm = "add_pool"
    part = "pool"
    masked_until_owned = ("phone", "bank_account")
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

    def notice(self, user: User) -> str:
        """How much the user may still take."""
        return limits.in_words(user)

    def prepare(self, record: Any, user: User) -> None:
        """A customer typed or imported here stands in the company's pool."""
        pools.release(record, record.pool or pools.company_pool(), state=record.pool_state)


@register
class ContactEntity(Entity):
    model = Contact
    menu, icon, weight = "customers", "address-book", 30
    masked_until_owned = ("mobile", "phone", "email", "wechat")
    synonyms = _("people, address book")
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
        aliases={
            "customer": (
                "客户名称",
                "公司名称",
                "公司",
                "单位",
                "单位名称",
                "企业名称",
                "所属客户",
                "所属公司",
                "company",
                "company name",
                "account",
                "account name",
                "organisation",
                "organization",
            ),
            "name": ("联系人", "联系人姓名", "姓名", "名字", "contact", "contact name", "full name"),
            "unit": ("部门", "所在部门", "所属部门"),
            "title": ("职务", "职位", "岗位", "头衔", "job title", "position"),
            "mobile": (
                "手机",
                "手机号",
                "手机号码",
                "移动电话",
                "联系手机",
                "联系电话",
                "电话号码",
                "联系方式",
                "mobile phone",
                "cell phone",
                "mobile number",
            ),
            "phone": ("办公电话", "座机", "固定电话", "公司电话", "work phone", "office phone", "telephone", "tel"),
            "email": ("邮箱", "邮件", "电子邮件", "电子邮箱", "邮箱地址", "e-mail address", "mail", "email address"),
            "wechat": ("微信", "微信号", "微信账号", "wechat id"),
            "birthday": ("出生日期", "生日", "date of birth"),
            "hobbies": ("兴趣爱好", "爱好", "兴趣", "interests"),
            "remarks": ("说明", "描述", "备注说明", "备注信息", "notes", "note", "comment", "comments", "description"),
        },
    )


@register
class CustomerFollowUpEntity(Entity):
    model = CustomerFollowUp
    form = FollowUpForm
    menu, icon, weight = "customers", "message-dots", 40
    synonyms = _("visits, calls, log")
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
