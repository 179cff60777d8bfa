"""What a call gets instead of what it asked for: problem details (RFC 9457) with sentences."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from psycopg import errors as postgres

from crm.kernel.errors import Denied, Invalid, Refused
from crm.web.errors import fields_of

CONTENT_TYPE = "application/problem+json"


class Unauthorized(Refused):
    """No token, or none that opens anything."""

    status = 401


class Malformed(Refused):
    """A request that cannot be read at all."""

    status = 400


class TooMany(Refused):
    """Too many calls; `seconds` to wait."""

    status = 429

    def __init__(self, text: str, seconds: int) -> None:
        super().__init__(text)
        self.seconds = seconds


class NotReadable(Refused):
    """A body of a kind that this address does not take."""

    status = 415


def problem(
    status: int, detail: str, *, errors: Mapping[str, Sequence[str]] | None = None, **more: Any
) -> HttpResponse:
    """A problem with its sentence, by field where input is wrong."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    if errors:
        body["errors"] = errors
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, json_dumps_params={"ensure_ascii": False})


def problem_of(error: Exception) -> HttpResponse | None:
    """The answer to what a call raised; None for failures of ours."""
    match error:
        case Invalid():
            return problem(422, _("Some values cannot be taken."), errors=fields_of(error))
        case Unauthorized():
            answer = problem(401, str(error))
            answer.headers["WWW-Authenticate"] = 'Bearer realm="api"'
            return answer
        case TooMany():
            answer = problem(429, str(error))
            answer.headers["Retry-After"] = str(error.seconds)
            return answer
        case Refused():
            return problem(error.status, str(error))
        case Http404():
            return problem(404, _("This does not exist, or it is not yours to see."))
        case RequestDataTooBig():
            return problem(413, _("The request is too large."))
        case SuspiciousOperation() | MultiPartParserError():
            return problem(400, _("The request cannot be read."))
        case OperationalError():
            return _busy(error.__cause__)
    return None


@contextmanager
def told_at(name: str) -> Iterator[None]:
    """A rule's refusal of what was sent under this name is told as an error of that name."""
    try:
        yield
    except Refused as refused:
        if refused.status != Refused.status:
            raise
        raise Invalid({name: [refused.text]}) from refused


def denied_token() -> Denied:
    """What a token that may only read is told."""
    return Denied(_("This token may only read."))


def _busy(cause: BaseException | None) -> HttpResponse | None:
    if isinstance(cause, postgres.LockNotAvailable | postgres.DeadlockDetected):
        return problem(409, _("Somebody else is working on this right now. Try again in a moment."))
    if isinstance(cause, postgres.QueryCanceled):
        return problem(503, _("This takes too long. Narrow the query and try again."))
    return None
