"""What CRM managers set for customers."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.kernel.dates import today
from crm.kernel.errors import Refused
from crm.org.admin import ManagersRoom
from crm.record.names import names
from customers.models import CustomerClass, PoolLimit, RecycleRule
from customers.recycling import switch
from customers.recycling.preview import Preview


@admin.register(PoolLimit)
class PoolLimitAdmin(ManagersRoom):
    """What people of each role may hold and claim."""

    list_display = ("role", "held", "claims_a_day", "cool_down_days", "arrival_days")
    list_select_related = ("role",)
    list_display_links = ("role",)


class RecycleRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Options and classes are ticked."""

    classes = forms.MultipleChoiceField(
        label=_("classes"), choices=CustomerClass.choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = RecycleRule
        fields = "__all__"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("kinds", "sources", "exempt_kinds"):
            field: Any = RecycleRule._meta.get_field(name)
            self.fields[name] = forms.TypedMultipleChoiceField(
                label=field.verbose_name,
                choices=[(option.pk, option.label) for option in names().options_of(field.list)],
                coerce=int,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )


@admin.register(RecycleRule)
class RecycleRuleAdmin(ManagersRoom):
    """Rules, whom they would reach, and the switch."""

    form = RecycleRuleForm
    list_display = ("name", "trigger", "days", "working_days", "department", "pool", "active")
    list_select_related = ("department", "pool")
    fieldsets = (
        (None, {"fields": ("name", "trigger", "days", "working_days")}),
        (_("Which customers"), {"fields": ("kinds", "classes", "sources", "department")}),
        (_("Exempt"), {"fields": ("exempt_kinds", "exempt_ordered", "exempt_shared")}),
        (_("What it does"), {"fields": ("pool", "warn_days")}),
    )

    def get_urls(self) -> list[Any]:
        """The preview besides the usual pages."""
        preview = self.admin_site.admin_view(self.preview)
        return [
            path("preview/", preview, name="customers_recyclerule_preview_all"),
            path("<int:pk>/preview/", preview, name="customers_recyclerule_preview"),
            *super().get_urls(),
        ]

    def save_model(self, request: HttpRequest, obj: RecycleRule, form: Any, change: bool) -> None:
        """A rule that changes is switched off until somebody has seen what it does now."""
        if change and form.changed_data and obj.active:
            obj.active = False
            messages.warning(request, gettext("The rule is switched off. Look at the preview, then switch it on."))
        super().save_model(request, obj, form, change)

    def preview(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Whom one rule, or all active ones together, would recycle today and in the days ahead."""
        rule = self.get_object(request, str(pk)) if pk else None
        if pk and rule is None:
            raise Http404
        if request.method == "POST" and rule is not None:
            self._switch(request, rule)
            return HttpResponseRedirect(reverse("admin:customers_recyclerule_preview", args=[rule.pk]))
        with transaction.atomic():
            shown = Preview(rule, today(), request.GET.get("owner", ""), request.GET.get("page", ""))
            one = gettext("Preview of “%(rule)s”") % {"rule": rule}
            context = {
                **self.admin_site.each_context(request),
                "title": one if rule else gettext("Preview of all active rules"),
                "opts": self.opts,
                "rule": rule,
                "preview": shown,
                "proof": switch.seen(rule) if rule else "",
            }
            return TemplateResponse(request, "admin/customers/recyclerule/preview.html", context).render()

    def _switch(self, request: HttpRequest, rule: RecycleRule) -> None:
        try:
            with transaction.atomic():
                on = request.POST.get("switch") == "on"
                changed = switch.switch_on(rule.pk, request.POST.get("proof", "")) if on else switch.switch_off(rule.pk)
                self.log_change(request, changed, [{"changed": {"fields": [str(_("active"))]}}])
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, gettext("Switched on.") if on else gettext("Switched off."))
