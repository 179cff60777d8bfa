"""Who calls, and what they may do."""

from django.http import HttpResponse
from django.utils.text import capfirst

from crm.api.endpoint import Call, answer
from crm.api.values import plain
from crm.kernel import registry


def me(call: Call) -> HttpResponse:
    """The user behind the token, the token itself, and the lists that they may open."""
    user, token = call.user, call.token
    body = {
        "id": user.pk,
        "username": user.username,
        "name": user.real_name,
        "department": {"id": user.department_id, "label": str(user.department)} if user.department else None,
        "language": user.language,
        "token": {"name": token.name, "reach": token.reach, "expires_at": plain(token.expires_at)} if token else None,
        "entities": [
            {"key": entity.key, "label": capfirst(entity.label_plural), "url": f"/api{entity.url()}"}
            for entity in registry.entities()
            if entity.can(user, entity.view_perm)
        ],
    }
    return answer(body)
