"""The first page after signing in, and what makes the site installable on a phone."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.translation import gettext as _

from crm.web.doors import signed_in
from crm.web.menu import groups_for


def home(request: HttpRequest) -> HttpResponse:
    """The first list that the user may open; without any, a page that says whom to ask."""
    groups = groups_for(signed_in(request.user))
    if groups:
        return redirect(groups[0].entries[0].url("list"))
    return render(request, "home/empty.html")


def manifest(request: HttpRequest) -> HttpResponse:
    """The web app manifest."""
    icons = [
        {"src": static(f"crm/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"} for size in (192, 512)
    ]
    facts = {
        "name": _("Customer management"),
        "short_name": _("CRM"),
        "start_url": "/",
        "display": "standalone",
        "background_color": "#F5F7FA",
        "theme_color": "#1D5BD1",
        "icons": [*icons, {**icons[-1], "purpose": "maskable"}],
    }
    return JsonResponse(facts, content_type="application/manifest+json")
