"""Signing in and out, and what users set for themselves."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView
from django.contrib.messages import success
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language_info, gettext_lazy, ngettext, override
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from crm.audit import sessions as open_sessions
from crm.audit.models import OpenSession, SignInEvent
from crm.org.models import User
from crm.web import sessions
from crm.web.addresses import address, device
from crm.web.doors import signed_in
from crm.web.errors import refusal
from crm.web.htmx import is_fragment

YEAR = 365 * 24 * 3600  # seconds
# What may be set, with the allowed values; the first is the default.
CHOICES = {
    "language": tuple(code for code, _name in settings.LANGUAGES),
    "theme": ("auto", "light", "dark"),
    "density": ("normal", "compact", "roomy"),
    "keys": ("on", "off"),
    "drafts": ("on", "off"),
    "nav": ("open", "folded"),
}
ON_THE_USER = ("language", "theme")


class SignIn(LoginView):
    """The sign-in page. An unknown user, a wrong password and a closed account get the same answer."""

    template_name = "account/sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        """Start the session's clocks."""
        response = super().form_valid(form)
        user: User = form.get_user()
        sessions.begin(self.request, user)
        self._log(SignInEvent.SUCCESS, user)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        """The form again."""
        self._log(SignInEvent.FAILURE)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _log(self, event: SignInEvent, user: User | None = None) -> None:
        username = self.request.POST.get("username", "")
        where = {"address": address(self.request), "device": device(self.request)}
        open_sessions.note(event, user=user, username=username, **where)


class SignOut(LogoutView):
    """Signing out; the log gets a line."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session."""
        if isinstance(request.user, User):
            where = {"address": address(request), "device": device(request)}
            open_sessions.note(SignInEvent.SIGN_OUT, user=request.user, **where)
            open_sessions.forget(request.session.session_key or "")
        return super().post(request, *args, **kwargs)


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """The answer after too many wrong passwords."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    username = request.POST.get("username", "")
    open_sessions.note(SignInEvent.LOCKED, username=username, address=address(request), device=device(request))
    text = _("Too many failed attempts. Wait %(minutes)s minutes, then try again.") % {"minutes": minutes}
    answer = refusal(request, text, settings.AXES_HTTP_RESPONSE_CODE)
    answer.headers["Retry-After"] = str(minutes * 60)
    return answer


def administration(request: HttpRequest) -> HttpResponse:
    """Stands in for the admin site's own sign-in page, which only people without its right reach."""
    return refusal(request, _("The administration is open to administrators only."), 403)


@require_POST
def preference(request: HttpRequest) -> HttpResponse:
    """Set one or several preferences, on the user where signed in, in this browser otherwise; then go back."""
    chosen = {name: request.POST[name] for name in CHOICES if name in request.POST}
    if any(value not in CHOICES[name] for name, value in chosen.items()):
        return HttpResponseBadRequest()
    response: HttpResponse = HttpResponse(status=204)
    if not is_fragment(request):
        response = HttpResponseRedirect(_safe(request, request.POST.get("next", "")))
    remember(request, response, chosen)
    return response


@sensitive_post_parameters()
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: preferences and password, two forms on one page."""
    user: Any = request.user
    asked = request.POST.get("form")
    preferences = PreferencesForm(
        request.POST if asked == "preferences" else None,
        initial={**_cookies(request), "language": user.language, "theme": user.theme},
    )
    password = PasswordChangeForm(user, request.POST if asked == "password" else None)
    if asked == "preferences" and preferences.is_valid():
        response = redirect("account")
        chosen = {name: value for name, value in preferences.cleaned_data.items() if value}
        remember(request, response, chosen)
        with override(chosen.get("language")):
            success(request, _("Saved"))
        return response
    if asked == "password" and password.is_valid():
        password.save()
        before = request.session.session_key or ""
        update_session_auth_hash(request, user)
        open_sessions.renamed(before, request.session.session_key or "")
        open_sessions.end(user, but=request.session.session_key or "")
        success(request, _("Password changed. Other sessions have been signed out."))
        return redirect("account")
    del password.fields["old_password"].widget.attrs["autofocus"]
    context = {"preferences": preferences, "password": password, "sessions": _sessions(request, user)}
    return render(request, "account/account.html", context, status=422 if asked else 200)


def _sessions(request: HttpRequest, user: User) -> list[tuple[OpenSession, bool]]:
    """One's open sessions, each with whether it is this one, which comes first."""
    here = request.session.session_key
    found = [(session, session.key == here) for session in open_sessions.open_sessions(user)]
    return sorted(found, key=lambda pair: not pair[1])


@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """End one of one's other sessions, or all of them."""
    user = signed_in(request.user)
    chosen = request.POST.get("session", "")
    pk = int(chosen) if chosen.isdecimal() and len(chosen) < 19 else None
    if pk is None and chosen != "others":
        return HttpResponseBadRequest()
    count = open_sessions.end(user, pk=pk, but=request.session.session_key or "")
    text = ngettext("%(count)s session ended", "%(count)s sessions ended", count) % {"count": count}
    success(request, text if count else _("That session had ended already"))
    return redirect("account")


LANGUAGES = [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]
THEMES = [("auto", gettext_lazy("As the system")), ("light", gettext_lazy("Light")), ("dark", gettext_lazy("Dark"))]
DENSITIES = [("compact", gettext_lazy("Compact")), ("normal", gettext_lazy("Normal")), ("roomy", gettext_lazy("Roomy"))]


class PreferencesForm(forms.Form):
    """What users choose for themselves."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False, choices=LANGUAGES)
    theme = forms.ChoiceField(label=gettext_lazy("Appearance"), required=False, choices=THEMES)
    density = forms.ChoiceField(
        label=gettext_lazy("Row height of lists"),
        required=False,
        choices=DENSITIES,
        help_text=gettext_lazy("Applies to this browser."),
    )
    keys = forms.ChoiceField(
        label=gettext_lazy("Single-letter shortcuts"),
        required=False,
        choices=[("on", gettext_lazy("On")), ("off", gettext_lazy("Off"))],
        help_text=gettext_lazy("Such as N for new and / for the search box. Applies to this browser."),
    )
    drafts = forms.ChoiceField(
        label=gettext_lazy("Drafts of forms"),
        required=False,
        choices=[("on", gettext_lazy("On")), ("off", gettext_lazy("Off"))],
        help_text=gettext_lazy("What you typed and did not save stays on this device until you sign out."),
    )


def remember(request: HttpRequest, response: HttpResponse, chosen: Mapping[str, str]) -> None:
    """Keep preferences: language and appearance on the user, and all in the browser."""
    user = request.user
    for name, value in chosen.items():
        cookie = settings.LANGUAGE_COOKIE_NAME if name == "language" else name
        response.set_cookie(cookie, value, max_age=YEAR, samesite="Lax", secure=settings.HTTPS)
    kept = {name: value for name, value in chosen.items() if name in ON_THE_USER}
    if kept and user.is_authenticated:
        User.objects.filter(pk=user.pk).update(**kept)


def _cookies(request: HttpRequest) -> dict[str, str]:
    return {name: request.COOKIES.get(name, allowed[0]) for name, allowed in CHOICES.items()}


def _safe(request: HttpRequest, path: str) -> str:
    allowed = url_has_allowed_host_and_scheme(path, {request.get_host()}, require_https=request.is_secure())
    return path if allowed else "/"
