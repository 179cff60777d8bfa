"""The recycle bin (回收站): what was deleted, for administrators to restore or to delete for good."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.messages import error, success
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from crm.entity.declare import Entity
from crm.kernel import registry
from crm.kernel.errors import Denied, Refused
from crm.org.models import User
from crm.record import write
from crm.record.purge import purge
from crm.record.query import RecordQuerySet
from crm.web.doors import signed_in
from crm.web.htmx import is_fragment

PAGE = 50
MOST = 1000
NAMED = 5  # refusals that a notice tells


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Deleted records of one entity, those deleted last first."""
    _administrator(request)
    kinds = _kinds()
    shown = next((entity for entity in kinds if entity.key == request.GET.get("kind")), kinds[0])
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    deleted = _deleted(shown).matching(words).select_related("deleted_by").defer("search")
    context = {
        "kinds": kinds,
        "shown": shown,
        "words": words,
        "records": Paginator(deleted, PAGE).get_page(request.GET.get("page")),
        "days": settings.RECYCLE_BIN_DAYS,
    }
    return render(request, "recycle_bin/page.html", context)


@require_POST
def restore(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Put the chosen records back where they were."""
    user, entity = _administrator(request), _entity(app, name)
    with transaction.atomic():
        records = list(_deleted(entity).filter(pk__in=_chosen(request)).select_for_update(of=("self",)).order_by("pk"))
        if not records:
            raise Http404
        write.restore(records, user)
    success(request, _restored(records))
    return _back(entity)


@require_POST
def remove(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Ask, then delete the chosen records for good."""
    user, entity, ids = _administrator(request), _entity(app, name), _chosen(request)
    records = list(_deleted(entity).filter(pk__in=ids).defer("search"))
    if not records:
        raise Http404
    if "sure" not in request.POST:
        template = "recycle_bin/purge.html" if is_fragment(request) else "recycle_bin/purge_page.html"
        context = {"entity": entity, "records": records[:NAMED], "ids": [record.pk for record in records]}
        return render(request, template, {**context, "more": len(records) - NAMED})
    refused = purge(entity.model, [record.pk for record in records], user)
    done = len(records) - len(refused)
    if done:
        success(request, _purged(done))
    for record, reason in refused[:NAMED]:
        error(request, _("%(record)s: %(reason)s") % {"record": record, "reason": reason})
    return _back(entity)


def _kinds() -> list[Entity]:
    return [entity for entity in registry.entities() if entity.canonical]


def _deleted(entity: Entity) -> RecordQuerySet[Any]:
    return entity.model.objects.deleted()


def _entity(app: str, name: str) -> Entity:
    entity: Entity | None = registry.find(f"{app}.{name}")
    if entity is None:
        raise Http404
    return entity


def _chosen(request: HttpRequest) -> list[int]:
    ids = [int(pk) for pk in request.POST.getlist("ids") if pk.isascii() and pk.isdigit() and len(pk) < 19]
    if not ids:
        raise Refused(_("Choose at least one record."))
    if len(ids) > MOST:
        raise Refused(_("At most %(count)s records at once.") % {"count": MOST})
    return ids


def _restored(records: Sequence[Any]) -> str:
    if len(records) == 1:
        return _("“%(record)s” is restored") % {"record": records[0]}
    return ngettext("%(count)s record restored", "%(count)s records restored", len(records)) % {"count": len(records)}


def _purged(count: int) -> str:
    return ngettext("%(count)s record deleted for good", "%(count)s records deleted for good", count) % {"count": count}


def _back(entity: Entity) -> HttpResponse:
    return redirect(f"{reverse('recycle-bin')}?{urlencode({'kind': entity.key})}")


def _administrator(request: HttpRequest) -> User:
    user = signed_in(request.user)
    if not user.is_staff:
        raise Denied(_("The recycle bin is for administrators."))
    return user
