"""Where a request comes from, for logs and the list of sessions."""

from axes.helpers import get_client_ip_address
from django.http import HttpRequest

from crm.audit.sessions import device_of


def address(request: HttpRequest) -> str:
    """The browser's address, behind as many proxies as the settings know; empty if there is none."""
    return str(get_client_ip_address(request) or "")[:45]


def device(request: HttpRequest) -> str:
    """Browser and system in a few words."""
    return device_of(request.headers.get("User-Agent", ""))
