"""Where users make and revoke their own access tokens."""

from typing import Any

from django import forms
from django.contrib.messages import success
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from crm.api import tokens
from crm.api.models import Reach, Token
from crm.kernel.errors import Refused
from crm.org.models import User
from crm.web.doors import signed_in

DAYS = [(count, ngettext_lazy("%(count)s day", "%(count)s days", count) % {"count": count}) for count in (30, 90, 365)]


class TokenForm(forms.Form):
    """What a new token is for, what it may do and how long it lives."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("What will use it, such as “Website form”."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    reach = forms.ChoiceField(label=gettext_lazy("May"), choices=Reach.choices)
    days = forms.TypedChoiceField(label=gettext_lazy("Valid for"), choices=DAYS, coerce=int, initial=90)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        self.user = user
        super().__init__(*args, **options)

    def clean_name(self) -> str:
        """A name tells a token from the user's others; sent twice, a form makes one token."""
        name: str = self.cleaned_data["name"]
        if tokens.live(self.user).filter(name=name).exists():
            raise forms.ValidationError(_("You have a token of this name already."))
        return name


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """One's own tokens, and a new one, whose key is shown in this answer only."""
    user = signed_in(request.user)
    form = TokenForm(request.POST if request.method == "POST" else None, user=user)
    key, status = "", 200
    if form.is_bound:
        try:
            key = tokens.issue(user, **form.cleaned_data)[1] if form.is_valid() else ""
        except Refused as refused:
            form.add_error(None, str(refused))
        status = 200 if key else 422
    context = {"tokens": tokens.live(user), "form": TokenForm(user=user) if key else form, "key": key}
    return render(request, "account/tokens.html", context, status=status)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own tokens."""
    mine = Token.objects.filter(user=signed_in(request.user), pk=pk)
    if not mine.exists():
        raise Http404
    tokens.revoke(mine)
    success(request, _("Token revoked"))
    return redirect("tokens")
