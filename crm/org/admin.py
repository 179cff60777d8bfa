"""The CRM manager's room: people, departments, roles."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.kernel import events, registry
from crm.kernel.errors import Invalid, Refused
from crm.org import accounts
from crm.org.events import SettingsChanged
from crm.org.models import Department, Grant, Role, Scope, User
from crm.org.tree import check_parent, save_department

admin.site.site_title = admin.site.site_header = _("CRM administration")
admin.site.index_title = _("Organisation, rights and settings")
# Groups only carry the shares of departments; nobody manages them by hand.
admin.site.unregister(Group)


class ManagersRoom(admin.ModelAdmin):  # type: ignore[type-arg]
    """Open to everybody who may use the admin site at all."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Staff only."""
        return bool(request.user.is_active and request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff only."""
        return self.has_module_permission(request)

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Tell the log."""
        return self._told("add", super().log_addition(request, obj, message), request, obj)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Tell the log."""
        return self._told("change", super().log_change(request, obj, message), request, obj)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Tell the log."""
        entries = super().log_deletions(request, queryset)
        for obj in queryset:
            events.emit(SettingsChanged(request.user, "delete", obj, gettext("Deleted.")))  # type: ignore[arg-type]
        return entries

    def _told(self, action: str, entry: Any, request: HttpRequest, obj: Any) -> Any:
        events.emit(SettingsChanged(request.user, action, obj, entry.get_change_message()))  # type: ignore[arg-type]
        return entry


class NewUserForm(AdminUserCreationForm):  # type: ignore[type-arg]
    """A new user with a first password."""

    class Meta:
        model = User
        fields = ("username", "real_name")


@admin.register(User)
class UserAdmin(ManagersRoom, DjangoUserAdmin):  # type: ignore[type-arg]
    """Users, their place and their roles."""

    add_form = NewUserForm
    list_display = ("username", "real_name", "department", "position", "superior", "is_active")
    list_filter = ("is_active", "roles", "department")
    search_fields = ("username", "real_name", "mobile", "employee_number")
    ordering = ("department__path", "real_name")
    list_select_related = ("department", "superior")
    autocomplete_fields = ("superior",)
    filter_horizontal = ("roles",)
    readonly_fields = ("last_login", "date_joined")
    actions = ("deactivate", "hand_over", "activate", "sign_out_everywhere")
    fieldsets = (
        (None, {"fields": ("username", "password", "real_name", "employee_number", "mobile", "email")}),
        (_("Position"), {"fields": ("department", "position", "superior")}),
        (_("Rights"), {"fields": ("roles", "is_staff", "is_superuser")}),
        (_("Preferences"), {"fields": ("language", "theme")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    "username",
                    "real_name",
                    "usable_password",
                    "password1",
                    "password2",
                    "department",
                    "superior",
                    "roles",
                ),
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only a superuser makes superusers and staff."""
        own = tuple(self.readonly_fields)
        return own if request.user.is_superuser else (*own, "is_staff", "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser's account is changed by superusers only."""
        return self.has_module_permission(request) and bool(
            obj is None or request.user.is_superuser or not obj.is_superuser
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Users are deactivated: their name stands in the history."""
        return False

    @admin.action(description=_("Deactivate: end all sessions, no more sign-in"))
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Close the selected accounts."""
        for user in queryset:
            if self.has_change_permission(request, user):
                self._try(request, user)

    @admin.action(description=_("Hand over what they own"))
    def hand_over(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Go to the page that gives the records of one user to colleagues."""
        chosen = list(queryset[:2])
        if len(chosen) == 1:
            return redirect("hand-over", pk=chosen[0].pk)
        self.message_user(request, _("Choose one user."), messages.ERROR)
        return None

    def _try(self, request: HttpRequest, user: User) -> None:
        try:
            accounts.deactivate(user, by=request.user)  # type: ignore[arg-type]
            text = format_html(
                '{} <a href="{}">{}</a>',
                _("%(user)s is deactivated.") % {"user": user},
                reverse("hand-over", args=[user.pk]),
                _("Hand over what they own"),
            )
            self.message_user(request, text, messages.SUCCESS)
        except Refused as error:
            self.message_user(request, str(error), messages.ERROR)

    @admin.action(description=_("Activate"))
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Open the selected accounts again."""
        for user in queryset:
            if self.has_change_permission(request, user):
                accounts.activate(user)
                self.log_change(request, user, gettext("Activate"))

    @admin.action(description=_("Sign out everywhere"))
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End the sessions of the selected users."""
        for user in queryset:
            accounts.end_sessions(user)
            self.log_change(request, user, gettext("Sign out everywhere"))


class DepartmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses circles and a second root at the field."""

    class Meta:
        model = Department
        fields = ("name", "parent", "manager", "order", "active")

    def clean(self) -> dict[str, Any] | None:
        """The parent has to fit."""
        cleaned = super().clean()
        try:
            check_parent(self.instance, self.cleaned_data.get("parent"))
        except Invalid as error:
            raise ValidationError(error.errors) from error
        return cleaned


@admin.register(Department)
class DepartmentAdmin(ManagersRoom):
    """The tree."""

    form = DepartmentForm
    list_display = ("indented", "manager", "order", "active")
    list_select_related = ("manager",)
    search_fields = ("name",)
    ordering = ("path",)
    autocomplete_fields = ("manager",)

    @admin.display(description=_("department"))
    def indented(self, department: Department) -> str:
        """The name, by its depth."""
        return "　" * department.depth + department.name

    def save_model(self, request: HttpRequest, obj: Department, form: Any, change: bool) -> None:
        """Keep the paths."""
        save_department(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Departments are set inactive: records stand in them."""
        return False


class RoleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A role with its grants: for every module a data scope and the permissions in it."""

    class Meta:
        model = Role
        fields = ("name", "description")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        grants = {grant.entity: grant for grant in self.instance.grants.all()} if self.instance.pk else {}
        for key, _label, _permissions in granted_modules():
            grant = grants.get(key)
            self.fields[f"scope:{key}"].initial = grant.scope if grant else Scope.OWN
            self.fields[f"actions:{key}"].initial = grant.actions if grant else []


def granted_modules() -> list[tuple[str, str, list[tuple[str, Any]]]]:
    """(key, label, [(permission, label)]) of everything that a role can grant."""
    modules: dict[str, tuple[str, dict[str, Any]]] = {}
    for entity in registry.entities():
        known = modules.setdefault(entity.model.key(), (entity.label, {}))[1]
        for name, text in entity.permissions:
            known.setdefault(name, text)
    return [(key, label, list(permissions.items())) for key, (label, permissions) in modules.items()]


def role_form() -> type[RoleForm]:
    """The form with two fields for each module; made per request, since the registry grows at start-up."""
    fields: dict[str, forms.Field] = {}
    for key, _module, permissions in granted_modules():
        fields[f"scope:{key}"] = forms.ChoiceField(label=_("Data scope"), choices=Scope.choices)
        fields[f"actions:{key}"] = forms.MultipleChoiceField(
            label=_("Permissions"), choices=permissions, required=False, widget=forms.CheckboxSelectMultiple
        )
    return type("RoleForm", (RoleForm,), fields)


@admin.register(Role)
class RoleAdmin(ManagersRoom):
    """Roles and what they grant."""

    list_display = ("name", "description")
    search_fields = ("name",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> type[RoleForm]:
        """See `role_form`."""
        return role_form()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """One group for each module."""
        modules = [
            (label, {"fields": (f"scope:{key}", f"actions:{key}"), "classes": ("module-rights",)})
            for key, label, _permissions in granted_modules()
        ]
        return [(None, {"fields": ("name", "description")}), *modules]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write the grants."""
        super().save_related(request, form, formsets, change)
        for key, _label, _permissions in granted_modules():
            actions = form.cleaned_data[f"actions:{key}"]
            Grant.objects.update_or_create(
                role=form.instance,
                entity=key,
                defaults={"scope": form.cleaned_data[f"scope:{key}"], "actions": sorted(actions)},
            )
