"""The recycle bin (回收站): what was deleted, for administrators to restore."""

from django.contrib.messages import success
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.entity.declare import Entity
from crm.kernel import registry
from crm.kernel.errors import Denied
from crm.org.models import User
from crm.record import write
from crm.web.doors import signed_in

PAGE = 50


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Deleted records of one entity, those deleted last first."""
    _administrator(request)
    kinds = [entity for entity in registry.entities() if entity.canonical]
    shown = next((entity for entity in kinds if entity.key == request.GET.get("kind")), kinds[0])
    deleted = shown.model.objects.deleted().select_related("deleted_by").defer("search")
    records = Paginator(deleted, PAGE).get_page(request.GET.get("page"))
    return render(request, "recycle_bin/page.html", {"kinds": kinds, "shown": shown, "records": records})


@require_POST
@transaction.atomic
def restore(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Put a record back where it was."""
    user = _administrator(request)
    entity: Entity | None = registry.find(f"{app}.{name}")
    if entity is None:
        raise Http404
    record = get_object_or_404(entity.model.objects.deleted().select_for_update(of=("self",)), pk=pk)
    write.restore([record], user)
    success(request, _("“%(record)s” is restored") % {"record": record})
    return redirect(f"{reverse('recycle-bin')}?{urlencode({'kind': entity.key})}")


def _administrator(request: HttpRequest) -> User:
    user = signed_in(request.user)
    if not user.is_staff:
        raise Denied(_("The recycle bin is for administrators."))
    return user
