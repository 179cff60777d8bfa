"""Reads the fail points that a request names. Only in the list of middlewares where `TEST_FAILPOINTS` is set."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from crm.kernel import failpoints

HEADER = "X-Failpoint"


class FailPoints:
    """Switches on what `X-Failpoint: sleep-after-check, skip-locking` names, for this request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The request, with its fail points."""
        names = frozenset(name.strip() for name in request.headers.get(HEADER, "").split(","))
        with failpoints.active(names):
            return self.get_response(request)
