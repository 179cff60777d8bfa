"""Customers, their contacts and what was said to them."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.kernel.china import credit_code, phones
from crm.kernel.china.companies import company_key
from crm.kernel.dates import now
from crm.org.access import Access
from crm.org.models import Department, Role, Scope, User
from crm.record.models import Record, record_indexes
from crm.record.picklists import PicklistField, PicklistSetField
from crm.record.scope import NOBODY
from crm.record.shares import DepartmentShare, ShareTables, UserShare
from customers import follow_ups, primary

POOL_ACTIONS = frozenset(
    {
        "view",
        "add_pool",
        "export",
        "claim",
        "apply",
        "accept",
        "refuse",
        "withdraw",
        "assign",
        "move",
        "change",
        "delete",
    }
)
NOT_A_MOBILE = _("A mobile number has 11 digits, such as 138 1234 5678; put +country before a foreign one.")
NOT_A_PHONE = _("Write a phone number, such as 021-5888 8888.")


class PoolState(models.TextChoices):
    """客户状态: whether a customer is owned, and if not, since when and who asked."""

    IDLE = "idle", _("Idle")
    ASSIGNED = "assigned", _("Assigned")
    RECYCLED = "recycled", _("Recycled, idle")
    APPLIED = "applied", _("Applied for")


class CustomerClass(models.TextChoices):
    """客户分类."""

    A = "A", "A"
    B = "B", "B"
    C = "C", "C"
    D = "D", "D"


class Customer(Record):
    """A company or person that buys. It is owned by somebody or stands in one department's pool, never both."""

    number_prefix = "KH"
    state_field = "pool_state"
    search_names: ClassVar[Sequence[str]] = ("name", "short_name")
    search_phones: ClassVar[Sequence[str]] = ("phone",)
    search_codes: ClassVar[Sequence[str]] = ("number", "credit_code")
    system_fields = Record.system_fields | {"name_key", "phone_key", "pool_entered_at"}
    choice_colours: ClassVar[dict[str, str]] = {
        "pool_state:idle": "primary",
        "pool_state:assigned": "success",
        "pool_state:recycled": "warning",
        "pool_state:applied": "danger",
    }

    name = models.CharField(_("customer name"), max_length=120)
    short_name = models.CharField(_("short name"), max_length=60, blank=True, default="")
    credit_code = models.CharField(_("unified social credit code"), max_length=18, blank=True, default="")
    kind = PicklistField(_("customer kind"), list="customers.kind")
    customer_class = models.CharField(
        _("customer class"), max_length=1, choices=CustomerClass.choices, blank=True, default=""
    )
    status = PicklistField(_("follow-up state"), list="customers.status")
    source = PicklistField(_("source"), list="customers.source")
    industry = PicklistField(_("industry"), list="customers.industry")
    scale = PicklistField(_("scale"), list="customers.scale")
    region = models.CharField(_("region"), max_length=60, blank=True, default="")
    address = models.CharField(_("address"), max_length=200, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    website = models.URLField(_("website"), blank=True, default="")
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="branches",
        verbose_name=_("parent customer"),
    )
    invoice_title = models.CharField(_("invoice title"), max_length=120, blank=True, default="")
    tax_number = models.CharField(_("tax number"), max_length=20, blank=True, default="")
    bank = models.CharField(_("bank"), max_length=80, blank=True, default="")
    bank_account = models.CharField(_("bank account"), max_length=40, blank=True, default="")
    pool_state = models.CharField(
        _("customer state"), max_length=10, choices=PoolState.choices, default=PoolState.IDLE, editable=False
    )
    pool = models.ForeignKey(
        Department,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("public pool"),
    )
    pool_entered_at = models.DateTimeField(_("in the pool since"), null=True, editable=False)
    owned_since = models.DateTimeField(_("owned since"), null=True, editable=False)
    last_follow_up_at = models.DateTimeField(_("last follow-up"), null=True, editable=False)
    last_follow_up = models.CharField(
        _("last follow-up content"), max_length=200, blank=True, default="", editable=False
    )
    next_follow_up_at = models.DateTimeField(_("next follow-up"), null=True, editable=False)
    # Kept by the modules above.
    last_opportunity_at = models.DateTimeField(_("last opportunity"), null=True, editable=False)
    last_order_at = models.DateTimeField(_("last order"), null=True, editable=False)
    # Not a column: set while a manager recycles, so that the former owner can be told.
    former_owner_id: int | None = None
    # What the duplicate check compares; see `crm.kernel.china`.
    name_key = models.CharField(max_length=120, blank=True, default="", editable=False)
    phone_key = models.CharField(max_length=40, blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = record_indexes(
            "customer",
            models.Index(fields=["name", "id"], name="customer_name", condition=Q(deleted_at=None)),
            models.Index(
                F("last_follow_up_at").desc(nulls_last=True),
                F("id").desc(),
                name="customer_last",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                F("next_follow_up_at").desc(nulls_last=True),
                F("id").desc(),
                name="customer_next",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                fields=["pool", "-created_at", "-id"],
                name="customer_pool",
                condition=Q(deleted_at=None, pool__isnull=False),
            ),
            models.Index(fields=["name_key"], name="customer_name_key", condition=Q(deleted_at=None)),
            models.Index(
                fields=["phone_key"], name="customer_phone_key", condition=Q(deleted_at=None) & ~Q(phone_key="")
            ),
            models.Index(fields=["credit_code"], name="customer_code", condition=~Q(credit_code="")),
        )
        constraints = [
            models.CheckConstraint(
                condition=Q(owner=None, pool__isnull=False) | Q(owner__isnull=False, pool=None),
                name="customer_owned_or_in_one_pool",
            ),
            models.CheckConstraint(
                condition=Q(owner=None) & ~Q(pool_state=PoolState.ASSIGNED)
                | Q(owner__isnull=False, pool_state=PoolState.ASSIGNED),
                name="customer_state_fits_owner",
            ),
        ]

    def kept_because(self) -> str | None:
        """Whoever has applied for a customer waits for an answer."""
        if self.pool_state == PoolState.APPLIED:
            return str(_("Somebody has applied for this customer. Accept or refuse that first."))
        return None

    @classmethod
    def scope_parts(cls, user: User, access: Access, action: str) -> dict[str, Q]:
        """Besides owned and shared ones: pool customers, of the pools that the user stands in or manages."""
        parts = super().scope_parts(user, access, action)
        if parts.get("owned") == Q():
            # Customers without an owner are reached through the pool alone.
            parts["owned"] = Q(owner__isnull=False)
        if (
            action in POOL_ACTIONS
            and access.can(cls.key(), "view_pool")
            and (action == "view" or access.can(cls.key(), action))
        ):
            # A constraint keeps owner and pool apart; asking for both would only mislead the planner's estimate.
            parts["pool"] = _pools(access, action)
        return parts

    @classmethod
    def part_reason(cls, name: str, record: Any) -> str:
        """The pool in which a customer stands."""
        return str(_("It stands in the public pool of %(department)s, which is open to you.")) % {
            "department": record.pool
        }

    @classmethod
    def shared_with(cls, user: User, access: Access, action: str) -> Q | None:
        """A share rests while the customer stands in a pool."""
        shared = super().shared_with(user, access, action)
        return shared & Q(owner__isnull=False) if shared is not None else None

    @classmethod
    def share_tables(cls) -> ShareTables:
        """Where shares of customers are kept."""
        return ShareTables(CustomerUserShare, CustomerDepartmentShare)

    @classmethod
    def before_write(cls, records: Sequence[Any], by: User | None) -> None:
        """The keys that the duplicate check compares."""
        for customer in records:
            customer.credit_code = credit_code.normalize(customer.credit_code)
            customer.name_key = company_key(customer.name)
            customer.phone_key = phones.normalize(customer.phone)

    def check_rules(self) -> dict[str, list[Any]]:
        """The credit code and the phone read as such."""
        errors: dict[str, list[Any]] = {}
        if self.credit_code and not credit_code.is_valid(credit_code.normalize(self.credit_code)):
            errors["credit_code"] = [_("This is not a valid unified social credit code. Check each character.")]
        if self.phone and not phones.is_phone(self.phone):
            errors["phone"] = [NOT_A_PHONE]
        if self.parent_id and self.parent_id == self.pk:
            errors["parent"] = [_("A customer cannot be its own parent.")]
        return errors


def _pools(access: Access, action: str) -> Q:
    scope = access.scope(Customer.key(), "view_pool" if action == "view" else action)
    if scope == Scope.ALL:
        return Q(pool__isnull=False)
    ids = {*access.ancestor_ids, *(access.below_ids if scope == Scope.BELOW else ())}
    return Q(pool_id__in=sorted(ids)) if ids else NOBODY


class CustomerUserShare(UserShare):
    """A customer shared with a user."""

    content_object = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="user_shares")

    class Meta(UserShare.Meta):
        abstract = False


class CustomerDepartmentShare(DepartmentShare):
    """A customer shared with a department."""

    content_object = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="department_shares")

    class Meta(DepartmentShare.Meta):
        abstract = False


class PoolApplication(models.Model):
    """Somebody asks for a pool customer (申请); the superior decides."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="applications")
    applicant = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("applicant"))
    at = models.DateTimeField(_("applied at"))
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    # What the customer returns to when the request is refused or withdrawn.
    state_before = models.CharField(max_length=10, choices=PoolState.choices)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    accepted = models.BooleanField(null=True)

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(decided_at=None), name="one_open_application_per_customer"
            )
        ]


class PoolLimit(models.Model):
    """What people of a role may hold and claim (领取规则); `customers.limits` says how it is counted."""

    role = models.OneToOneField(Role, on_delete=models.CASCADE, related_name="pool_limit", verbose_name=_("role"))
    held = models.PositiveIntegerField(
        _("most customers held"), null=True, blank=True, help_text=_("Empty: as many as one likes.")
    )
    claims_a_day = models.PositiveIntegerField(
        _("claims a day"), null=True, blank=True, help_text=_("Empty: as many as one likes.")
    )
    cool_down_days = models.PositiveIntegerField(
        _("cool-down (days)"),
        default=0,
        help_text=_("So long after losing a customer the former owner cannot take it from the pool."),
    )
    arrival_days = models.PositiveIntegerField(
        _("bar on new arrivals (days)"),
        default=0,
        help_text=_("So long after its arrival nobody of the role can take a customer from the pool."),
    )

    class Meta:
        verbose_name = _("claim rule")
        verbose_name_plural = _("claim rules")
        ordering = ("role__name",)

    def __str__(self) -> str:
        return str(self.role)


class RecycleRule(models.Model):
    """When customers go back to a pool by themselves (客户回收条件); `customers.recycling` applies it."""

    class Trigger(models.TextChoices):
        """What has to be missing for so many days."""

        FOLLOW_UP = "follow_up", _("No follow-up")
        OPPORTUNITY = "opportunity", _("No opportunity since the assignment")
        ORDER = "order", _("No order")

    name = models.CharField(_("name"), max_length=60, unique=True)
    trigger = models.CharField(_("condition"), max_length=12, choices=Trigger.choices, default=Trigger.FOLLOW_UP)
    days = models.PositiveIntegerField(
        _("days"),
        default=30,
        help_text=_("It leaves in the first nightly run in which more days than these have passed."),
    )
    working_days = models.BooleanField(_("count working days only"), default=False)
    kinds = PicklistSetField(_("customer kinds"), list="customers.kind", default=list, blank=True)
    classes = ArrayField(
        models.CharField(max_length=1, choices=CustomerClass.choices),
        default=list,
        blank=True,
        verbose_name=_("classes"),
    )
    sources = PicklistSetField(_("sources"), list="customers.source", default=list, blank=True)
    department = models.ForeignKey(
        Department,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("department and below"),
    )
    exempt_kinds = PicklistSetField(_("exempt kinds"), list="customers.kind", default=list, blank=True)
    exempt_ordered = models.BooleanField(_("exempt who has ordered"), default=True)
    exempt_shared = models.BooleanField(_("exempt what is shared"), default=True)
    pool = models.ForeignKey(
        Department,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("target pool"),
        help_text=_("Empty: the pool of the owner's department."),
    )
    warn_days = models.PositiveIntegerField(
        _("warn ahead (days)"), default=3, help_text=_("0: nobody is warned ahead.")
    )
    # Switched on by somebody who has seen whom it would reach as it stands.
    active = models.BooleanField(_("active"), default=False, editable=False)

    class Meta:
        verbose_name = _("recycle rule")
        verbose_name_plural = _("recycle rules")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class RecycleWarning(models.Model):
    """That an owner was warned of the day on which a customer leaves; once for each such day."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    due_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "owner", "due_on"], name="one_warning_per_customer_and_day")
        ]


class Gender(models.TextChoices):
    """性别."""

    MALE = "male", _("Male")
    FEMALE = "female", _("Female")


class Contact(Record):
    """A person at a customer. Exactly one is the primary contact when there are any."""

    number_prefix = "LX"
    parent_field = "customer"
    search_names: ClassVar[Sequence[str]] = ("name",)
    search_phones: ClassVar[Sequence[str]] = ("mobile", "phone")
    search_texts: ClassVar[Sequence[str]] = ("email", "wechat")

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="contacts", verbose_name=_("customer")
    )
    name = models.CharField(_("full name"), max_length=60)
    primary = models.BooleanField(_("primary contact"), default=False)
    unit = models.CharField(_("department at the customer"), max_length=60, blank=True, default="")
    title = models.CharField(_("title"), max_length=60, blank=True, default="")
    role = PicklistField(_("role in the decision"), list="customers.contact_role")
    mobile = models.CharField(_("mobile"), max_length=40, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    email = models.EmailField(_("e-mail"), blank=True, default="")
    wechat = models.CharField(_("WeChat"), max_length=60, blank=True, default="")
    gender = models.CharField(_("gender"), max_length=6, choices=Gender.choices, blank=True, default="")
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    lunar_birthday = models.BooleanField(_("birthday by the lunar calendar"), default=False)
    hobbies = models.CharField(_("hobbies"), max_length=200, blank=True, default="")
    superior = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("superior contact")
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = record_indexes(
            "contact",
            models.Index(fields=["customer", "-primary", "id"], name="contact_customer", condition=Q(deleted_at=None)),
            models.Index(fields=["name", "id"], name="contact_name", condition=Q(deleted_at=None)),
        )
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(primary=True, deleted_at=None), name="one_primary_contact_per_customer"
            )
        ]

    def check_rules(self) -> dict[str, list[Any]]:
        """Mobile and phone can be called; the superior is a colleague."""
        errors: dict[str, list[Any]] = {}
        if self.mobile and not (phones.is_mobile(self.mobile) or phones.normalize(self.mobile).startswith("+")):
            errors["mobile"] = [NOT_A_MOBILE]
        if self.phone and not phones.is_phone(self.phone):
            errors["phone"] = [NOT_A_PHONE]
        if self.superior is not None and self.superior.customer_id != self.customer_id:
            errors["superior"] = [_("Choose a contact of the same customer.")]
        return errors

    @classmethod
    def before_write(cls, records: Sequence[Any], by: User | None) -> None:
        """At most one primary contact per customer."""
        primary.choose(records)

    @classmethod
    def after_write(cls, records: Sequence[Any], by: User | None) -> None:
        """And at least one."""
        primary.fill(records)


class FollowUpKind(models.TextChoices):
    """A follow-up is planned, or it is a record of what happened."""

    PLAN = "plan", _("Plan")
    RECORD = "record", _("Record")


class CustomerFollowUp(Record):
    """A visit, call or message: the plan of one or the record of one."""

    number_prefix = "GJ"
    parent_field = "customer"
    name_field = "content"
    search_names: ClassVar[Sequence[str]] = ()
    search_texts: ClassVar[Sequence[str]] = ("content",)
    choice_colours: ClassVar[dict[str, str]] = {"kind:plan": "primary", "kind:record": "success"}

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="follow_ups", verbose_name=_("customer")
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("contact")
    )
    kind = models.CharField(_("kind"), max_length=6, choices=FollowUpKind.choices, default=FollowUpKind.RECORD)
    method = PicklistField(_("method"), list="customers.follow_up_method")
    at = models.DateTimeField(_("when"), default=now)
    content = models.TextField(_("content"), max_length=4000)
    status_after = PicklistField(_("state afterwards"), list="customers.status")
    next_at = models.DateTimeField(_("next follow-up"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=120, blank=True, default="")

    class Meta:
        verbose_name = _("customer follow-up")
        verbose_name_plural = _("customer follow-ups")
        indexes = record_indexes(
            "followup",
            models.Index(fields=["customer", "-at", "-id"], name="followup_customer", condition=Q(deleted_at=None)),
            models.Index(fields=["-at", "-id"], name="followup_at", condition=Q(deleted_at=None)),
        )

    def check_rules(self) -> dict[str, list[Any]]:
        """The contact is one of the customer's."""
        if self.contact is not None and self.contact.customer_id != self.customer_id:
            return {"contact": [_("Choose a contact of this customer.")]}
        return {}

    @classmethod
    def after_write(cls, records: Sequence[Any], by: User | None) -> None:
        """The customer shows its last and next follow-up."""
        follow_ups.refresh(sorted({record.customer_id for record in records}))
