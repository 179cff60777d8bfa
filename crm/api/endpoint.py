"""The door of every call: who calls, in which language, how often, and how refusals are told.

An endpoint maps methods to handlers. It authenticates by itself, so cookies open nothing here (but
what `session=True` marks as harmless) and no site can make a browser call it: there is no CSRF to check.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from crm.api import limits, tokens
from crm.api.models import Reach, Token
from crm.api.problems import Malformed, NotReadable, TooMany, Unauthorized, denied_token, problem, problem_of
from crm.org.models import User
from crm.web.addresses import address

SAFE = ("GET", "HEAD")
JSON = "application/json"


@dataclass
class Call:
    """One authenticated call."""

    request: HttpRequest
    user: User
    token: Token | None

    def json(self) -> dict[str, Any]:
        """The body as an object, numbers with a point as exact decimals; an empty body is an empty object."""
        raw = self.request.body
        if not raw:
            return {}
        if self.request.content_type != JSON:
            raise NotReadable(_("Send the body as application/json."))
        try:
            body = json.loads(raw, parse_float=Decimal, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise Malformed(_("The body is not valid JSON.")) from error
        if not isinstance(body, dict):
            raise Malformed(_("The body must be a JSON object."))
        return body


Handler = Callable[..., HttpResponseBase]


def endpoint(*, session: bool = False, **handlers: Handler) -> Callable[..., HttpResponseBase]:
    """A view that calls the handler of the request's method with a `Call` and the address's parts.

    With `session`, a signed-in browser may read it too.
    """
    allowed = [*handlers, *(["HEAD"] if "GET" in handlers else [])]

    def view(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        method = "GET" if request.method == "HEAD" else str(request.method)
        try:
            call = _authenticated(request, session and method == "GET")
        except Unauthorized as error:
            with translation.override(translation.get_language_from_request(request)):
                return _told(_answer(error))
        with translation.override(_language(request, call.user)):
            if method not in handlers:
                return _not_allowed(request, allowed)
            try:
                _check_use(call, method)
                response: HttpResponseBase = handlers[method](call, **parts)
            except Exception as error:
                response = _answer(error)
            return _told(response)

    view.signs_in_itself = True  # type: ignore[attr-defined]
    view.methods = allowed  # type: ignore[attr-defined]
    return csrf_exempt(view)


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A JSON answer."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, status=status, content_type=JSON, headers=headers)


def _authenticated(request: HttpRequest, session: bool) -> Call:
    scheme, _space, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        token = tokens.find(key.strip())
        if token is None:
            raise Unauthorized(_("This token does not exist, has expired or was revoked."))
        request.user = token.user
        token.user.address = address(request)  # type: ignore[attr-defined]
        return Call(request, token.user, token)
    if session and isinstance(request.user, User):
        return Call(request, request.user, None)
    raise Unauthorized(_("Send a token: Authorization: Bearer …"))


def _check_use(call: Call, method: str) -> None:
    if call.token is None:
        return
    seconds = limits.wait(call.token)
    if seconds:
        raise TooMany(_("Too many calls. Wait %(seconds)s seconds.") % {"seconds": seconds}, seconds)
    if method not in SAFE and call.token.reach != Reach.WRITE:
        raise denied_token()
    tokens.note_use(call.token)


def _language(request: HttpRequest, user: User) -> str:
    """What the call asks for by Accept-Language, else what its user chose."""
    asked = "Accept-Language" in request.headers
    return translation.get_language_from_request(request) if asked else user.language


def _answer(error: Exception) -> HttpResponse:
    found = problem_of(error)
    if found is None:
        raise error
    return found


def _not_allowed(request: HttpRequest, allowed: list[str]) -> HttpResponseBase:
    response = problem(405, _("This address does not take %(method)s.") % {"method": request.method})
    response.headers["Allow"] = HttpResponseNotAllowed(allowed).headers["Allow"]
    return _told(response)


def _told(response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Language"] = translation.get_language()
    patch_vary_headers(response, ["Authorization", "Accept-Language"])
    return response


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
