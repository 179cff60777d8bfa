"""What the customers' actions ask for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.entity.fields import UserField, department_choices
from crm.entity.forms import RecordForm
from crm.org.models import Department, User
from crm.record.names import names


class ReasonForm(forms.Form):
    """Why; optional."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        self.user = user
        super().__init__(*args, **options)


class ReasonRequiredForm(ReasonForm):
    """Why; asked for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].required = True


class PersonForm(ReasonForm):
    """To whom."""

    field_order = ("owner", "reason")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner"] = UserField(names=names(getattr(self.user, "org_stamp", None)), label=_("Owner"))
        self.order_fields(self.field_order)


class PoolForm(ReasonForm):
    """Into which pool: the company's or a department's."""

    field_order = ("pool", "reason")
    pool = forms.ModelChoiceField(
        label=_("Public pool"), queryset=department_choices(Department.objects.all()), empty_label=None
    )


class FollowUpForm(RecordForm):
    """A follow-up; a new one was made in the most usual way, the first of the list, unless somebody says otherwise."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        ways = [value for value, _label in getattr(self.fields.get("method"), "choices", ()) if value]
        if ways and not self.instance.pk:
            self.initial.setdefault("method", ways[0])
