"""The choices of a field that refers to a record, searched for as one types."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from crm.entity.declare import Entity
from crm.entity.fields import as_id
from crm.org.models import User
from crm.record.names import names
from crm.web.doors import find_entity, signed_in

MOST = 20


@require_safe
def options(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Records that the user may see and that match `q`, newest first without one: {"results": [{id, text, hint}]}."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name, "view")
    parent = as_id(request.GET.get(entity.model.parent_field)) if entity.model.parent_field else None
    return JsonResponse({"results": found(entity, user, _words(request), parent)})


@require_safe
def users(request: HttpRequest) -> HttpResponse:
    """Active users whose name or pinyin contains `q`: {"results": [{id, text}]}."""
    known = names(getattr(signed_in(request.user), "org_stamp", None))
    return JsonResponse({"results": [{"id": pk, "text": name} for pk, name in known.find_users(_words(request), MOST)]})


def found(entity: Entity, user: User, words: str, parent: int | None = None) -> list[dict[str, object]]:
    """At most `MOST` matching records (of one parent, where it is named); the number tells namesakes apart."""
    records = entity.queryset(user).matching(words).order_by("-created_at", "-pk")
    if parent:
        records = records.filter(**{entity.model.parent_field: parent})
    return [{"id": record.pk, "text": str(record), "hint": record.number} for record in records.defer("search")[:MOST]]


def _words(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\x00", "").strip()[:100]
