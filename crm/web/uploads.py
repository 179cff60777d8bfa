"""How much one request may carry. Decided before anything of it is read or written to disk."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from crm.web.errors import refusal

# So many of the largest files may come together.
TOGETHER = 4


class UploadLimit:
    """Middleware: refuses what is larger than any form of ours sends. A body without a length is read as empty."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 413 with a sentence, or let the request pass."""
        most = TOGETHER * max(settings.ATTACHMENT_MAX_BYTES, settings.IMPORT_MAX_BYTES)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isascii() and length.isdigit() and int(length) > most:
            text = _("Too much at once: up to %(size)s may be sent together.") % {"size": filesizeformat(most)}
            return refusal(request, text, 413)
        return self.get_response(request)
