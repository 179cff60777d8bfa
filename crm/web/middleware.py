"""What happens around every page: language, sign-in, refusals, no caching of what is confidential."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from psycopg import errors as postgres

from crm.audit import log
from crm.audit import sessions as open_sessions
from crm.kernel.errors import Invalid, Refused
from crm.web import sessions
from crm.web.addresses import address
from crm.web.errors import fields_of, refusal
from crm.web.htmx import is_fragment, page_of

Next = Callable[[HttpRequest], HttpResponse]

# The only pages that open without signing in; static files are served before this.
PUBLIC = frozenset({"sign-in", "sign-out", "preference", "manifest", "healthz", "readyz", "messages-poll"})
# Asked for by open pages themselves, which is no sign that somebody is there.
UNATTENDED = frozenset({"messages-poll"})


class UserLanguage:
    """Speaks the language that the user chose; before sign-in, that of the cookie or the browser."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate the language for this request."""
        user = request.user
        language = user.language if user.is_authenticated else translation.get_language_from_request(request)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class SignInRequired:
    """Refuses every page that is not named in `PUBLIC` to those who have not signed in."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """End a session whose time is over."""
        if request.user.is_authenticated and sessions.is_over(request.session):
            open_sessions.forget(request.session.session_key or "")
            logout(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Keep a living session's clock; send visitors to the sign-in page.

        Pieces of pages get a 401 that makes the browser go there. Calls of the API show tokens instead.
        """
        if getattr(view, "signs_in_itself", False):
            return None
        match = request.resolver_match
        name = match.view_name if match else ""
        if request.user.is_authenticated:
            if name not in UNATTENDED:
                sessions.note(request, request.user)
            return None
        if name in PUBLIC:
            return None
        if is_fragment(request):
            address = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': page_of(request)})}"
            return HttpResponse(status=401, headers={"HX-Redirect": address})
        if not request.accepts("text/html"):
            return refusal(request, _("Sign in first."), 401)
        return redirect_to_login(request.get_full_path())


class Trace:
    """Lets the log know from where a user works, and what they were denied."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """A record that is out of sight is denied as well; an address that leads nowhere is a mistake."""
        user: Any = request.user
        if user.is_authenticated:
            user.address = address(request)
        response = self.get_response(request)
        user = request.user  # a token may have told by now who it is
        match = request.resolver_match
        of_record = match is not None and "pk" in match.kwargs
        if user.is_authenticated and (response.status_code == 403 or (response.status_code == 404 and of_record)):
            log.denied(user, f"{request.method} {request.path}")
        return response


class Refusals:
    """Turns a rule's refusal into an answer with its status and its sentence."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do around the page itself."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for the exceptions that a rule or a busy database raises; others stay failures."""
        if isinstance(error, Invalid):
            return refusal(request, str(error), error.status, errors=fields_of(error))
        if isinstance(error, Refused):
            return refusal(request, str(error), error.status)
        if isinstance(error, OperationalError):
            return _busy(request, error.__cause__)
        return None


class NoStore:
    """Keeps pages of signed-in users out of every cache: shared computers remember nothing."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Mark the response, unless its view decided otherwise."""
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


def _busy(request: HttpRequest, cause: BaseException | None) -> HttpResponse | None:
    if isinstance(cause, postgres.LockNotAvailable | postgres.DeadlockDetected):
        return refusal(request, _("Somebody else is working on this right now. Try again in a moment."), 409)
    if isinstance(cause, postgres.QueryCanceled):
        return refusal(request, _("This takes too long. Narrow the query and try again."), 503)
    return None
