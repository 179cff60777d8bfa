"""Departments, users, roles and what a role grants."""

from django.contrib.auth.models import AbstractBaseUser, Group, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.org.people import UserManager

PATH_STEP = 8  # digits per level, so that a path of ids sorts and compares as text


class Department(models.Model):
    """A node of the one tree. The root is the company; its pool is the company's pool."""

    name = models.CharField(_("name"), max_length=100)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent department"),
    )
    path = models.CharField(max_length=200, editable=False, default="", db_index=True)
    manager = models.ForeignKey(
        "org.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("manager")
    )
    order = models.PositiveIntegerField(_("order"), default=0)
    active = models.BooleanField(_("active"), default=True)
    # Object permissions that are granted to a department hang on its group.
    group = models.OneToOneField(Group, on_delete=models.PROTECT, editable=False, related_name="department")

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ("path",)
        constraints = [
            models.UniqueConstraint(
                fields=["parent"], condition=models.Q(parent=None), name="one_root_department", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def depth(self) -> int:
        """0 for the company, 1 for its divisions, and so on."""
        return len(self.path) // PATH_STEP - 1

    @property
    def path_ids(self) -> list[int]:
        """The ids from the root down to this department."""
        return [int(self.path[i : i + PATH_STEP]) for i in range(0, len(self.path), PATH_STEP)]


class User(AbstractBaseUser, PermissionsMixin):
    """An employee (员工)."""

    username = models.CharField(_("user name"), max_length=50, unique=True)
    real_name = models.CharField(_("real name"), max_length=50)
    employee_number = models.CharField(_("employee number"), max_length=30, blank=True)
    mobile = models.CharField(_("mobile"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, null=True, related_name="users", verbose_name=_("department")
    )
    position = models.CharField(_("position"), max_length=50, blank=True)
    superior = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="subordinates",
        verbose_name=_("superior"),
    )
    roles = models.ManyToManyField("org.Role", blank=True, related_name="users", verbose_name=_("roles"))
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use the admin site"), default=False)
    language = models.CharField(
        _("language"), max_length=10, default="zh-hans", choices=[("zh-hans", "简体中文"), ("en", "English")]
    )
    theme = models.CharField(
        _("appearance"),
        max_length=10,
        default="auto",
        choices=[("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))],
    )
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    date_joined = models.DateTimeField(_("joined at"), auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["real_name"]

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("real_name", "pk")

    def __str__(self) -> str:
        return self.real_name or self.username

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Overridden below the public method so that rotated secret keys see the epoch too.
        return f"{super()._get_session_auth_hash(secret=secret)}.{self.session_epoch}"  # type: ignore[misc]

    def get_full_name(self) -> str:
        """The real name (the admin site asks for it)."""
        return self.real_name

    def get_short_name(self) -> str:
        """The real name."""
        return self.real_name


class Role(models.Model):
    """A named set of grants; a user may have several, and the widest scope wins."""

    name = models.CharField(_("name"), max_length=50, unique=True)
    description = models.CharField(_("description"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Scope(models.TextChoices):
    """How far a grant reaches, from narrow to wide."""

    OWN = "own", _("Own")
    DEPARTMENT = "department", _("Own department")
    BELOW = "below", _("Own department and below")
    ALL = "all", _("All")


class Grant(models.Model):
    """What a role may do with one entity, and on whose records."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="grants", verbose_name=_("role"))
    entity = models.CharField(_("module"), max_length=80)
    actions = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("permissions"))
    scope = models.CharField(_("data scope"), max_length=12, choices=Scope.choices, default=Scope.OWN)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [models.UniqueConstraint(fields=["role", "entity"], name="one_grant_per_role_and_entity")]

    def __str__(self) -> str:
        return f"{self.role} · {self.entity}"


class Stamp(models.Model):
    """One row, counted up whenever the organisation changes, so that caches know they are old."""

    number = models.BigIntegerField(default=0)
