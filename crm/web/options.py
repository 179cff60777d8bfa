"""The choices of a field that refers to a record, searched for as one types."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from crm.entity.declare import Entity
from crm.org.models import User
from crm.web.doors import find_entity, signed_in

MOST = 20


@require_safe
def options(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Records that the user may see and that match `q`, newest first without one: {"results": [{id, text, hint}]}."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name, "view")
    return JsonResponse({"results": found(entity, user, request.GET.get("q", ""))})


def found(entity: Entity, user: User, words: str) -> list[dict[str, object]]:
    """At most `MOST` matching records; the number tells namesakes apart."""
    records = entity.queryset(user).matching(words.replace("\x00", "").strip()[:100]).order_by("-created_at", "-pk")
    return [{"id": record.pk, "text": str(record), "hint": record.number} for record in records.defer("search")[:MOST]]
