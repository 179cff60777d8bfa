"""What the user sees instead of the page they asked for."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template
from django.utils.translation import gettext as _

from crm.kernel.errors import Invalid
from crm.web.htmx import is_fragment, toast


def refusal(request: HttpRequest, text: str, status: int, *, errors: dict[str, Any] | None = None) -> HttpResponse:
    """A refusal in the form that the caller can show: a notice, JSON or a page."""
    if is_fragment(request):
        return toast(HttpResponse(status=status, headers={"HX-Reswap": "none"}), text, "danger")
    if not request.accepts("text/html") or _is_call(request):
        return JsonResponse({"error": text, **({"errors": errors} if errors else {})}, status=status)
    return page(request, text, status)


def _is_call(request: HttpRequest) -> bool:
    """Whether a program calls the API, whatever it says it accepts."""
    match = request.resolver_match
    return bool(match and getattr(match.func, "signs_in_itself", False))


def page(request: HttpRequest, text: str, status: int) -> HttpResponse:
    """A page that says what happened. It reads nothing from the database, so it works when that is the trouble."""
    title = titles().get(status, _("Not possible now"))
    body = get_template("errors/page.html").render({"title": title, "text": text, "status": status})
    return HttpResponse(body, status=status)


def titles() -> dict[int, str]:
    """Headings of error pages by status."""
    return {
        400: _("This request cannot be read"),
        403: _("Not allowed"),
        404: _("Not found"),
        409: _("Not possible now"),
        429: _("Too many attempts"),
        500: _("Something went wrong"),
        503: _("Busy"),
    }


def fields_of(error: Invalid) -> dict[str, list[str]]:
    """The sentences of an `Invalid` by field, as plain text."""
    return {name: [str(text) for text in texts] for name, texts in error.errors.items()}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return refusal(request, _("Something in the request is missing or malformed. Go back and try again."), 400)


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    reason = str(exception) or _("You do not have the right to open this page. Ask an administrator for it.")
    return refusal(request, reason, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: the same answer for what does not exist and for what the user may not see."""
    return refusal(request, _("This page does not exist, or it is not yours to see."), 404)


def failed(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    return refusal(request, _("The error has been recorded. Try again in a moment; nothing was saved."), 500)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF failure view: mostly a form that stood open while its user signed in anew."""
    return refusal(request, _("This page is out of date. Load it again and repeat what you did."), 403)
