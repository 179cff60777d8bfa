"""What a response tells the page besides its HTML: short notices and events.

Header values have to be ASCII, so texts travel as JSON with escapes.
"""

import json
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise

R = TypeVar("R", bound=HttpResponse)
Kind = Literal["success", "danger"]


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece of a page (and not for a whole page to go back to)."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


def page_of(request: HttpRequest) -> str:
    """The path and query of the page in which a piece is asked for."""
    address = urlsplit(request.headers.get("HX-Current-URL", ""))
    return address._replace(scheme="", netloc="").geturl() or "/"


def toast(
    response: R, text: str | Promise, kind: Kind = "success", *, action: tuple[str | Promise, str] | None = None
) -> R:
    """Show a notice when the response arrives; `action` is a label and an address that a button posts to."""
    detail = {"text": str(text), "kind": kind}
    if action:
        detail |= {"label": str(action[0]), "url": action[1]}
    return trigger(response, "toast", detail)


def trigger(response: R, event: str, detail: Any = None) -> R:
    """Raise an event in the page when the response arrives; several may be added."""
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    response.headers["HX-Trigger"] = json.dumps({**events, event: detail}, ensure_ascii=True)
    return response


def saved(response: R, pk: int | None = None, *, stay: bool = False) -> R:
    """Tell the page that records changed: what is behind loads again and marks row `pk`.

    An open drawer or dialog closes, unless it has to `stay` because the response fills it.
    """
    return trigger(response, "saved", {"pk": pk, "stay": stay})


def closed(response: R) -> R:
    """Tell the page that its open drawer or dialog has done its work; what is behind stays as it is."""
    return trigger(response, "done")
