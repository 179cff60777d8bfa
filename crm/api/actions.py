"""Actions over the API: what a button does, with the inputs of its dialog."""

from typing import Any

from django.forms import Form
from django.http import Http404, HttpResponse

from crm.api.endpoint import Call, answer
from crm.api.inputs import read, read_ids
from crm.api.records import once_per_key, shown
from crm.entity.declare import Entity
from crm.flow.action import Action
from crm.flow.run import Outcome, run
from crm.kernel.errors import Invalid
from crm.org.models import User
from crm.record.models import Record
from crm.web.doors import find_entity


def do(call: Call, app: str, name: str, pk: int, action: str) -> HttpResponse:
    """Run an action on one record; the answer holds the record as it is then, or null if it is out of sight."""
    entity, found = _find(call, app, name, action)
    data = _inputs(found, call.user, call.json())

    def act() -> Record:
        return run(found, entity.model, [pk], by=call.user, data=data).done[0]  # type: ignore[no-any-return]

    _pk, fresh = once_per_key(call, act, call.request.body)
    record = entity.queryset(call.user).filter(pk=pk).first()
    headers = {} if fresh else {"Idempotent-Replayed": "true"}
    return answer({"record": shown(entity, record, call.user) if record else None}, headers=headers)


def do_many(call: Call, app: str, name: str, action: str) -> HttpResponse:
    """Run an action on several records at once, as far as each allows it."""
    entity, found = _find(call, app, name, action)
    if found.bulk is None:
        raise Http404
    body = call.json()
    ids = read_ids(body.pop("ids", None))
    outcome = run(found, entity.model, ids, by=call.user, data=_inputs(found, call.user, body))
    return answer(_told(outcome))


def action_form(action: Action, user: User, *data: Any) -> Form | None:
    """The form of an action's inputs; None if it asks for nothing."""
    made: Any = action.form
    return made(*data, user=user) if made else None


def _find(call: Call, app: str, name: str, action: str) -> tuple[Entity, Action]:
    entity = find_entity(call.user, app, name)
    found = entity.action(action)
    if found is None:
        raise Http404
    return entity, found


def _inputs(action: Action, user: User, body: dict[str, Any]) -> dict[str, Any]:
    form = action_form(action, user)
    data = read(form.fields if form else {}, body, {})
    form = action_form(action, user, data)
    if form is None:
        return {}
    if not form.is_valid():
        raise Invalid({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    return form.cleaned_data


def _told(outcome: Outcome) -> dict[str, Any]:
    refused = [{"id": record.pk, "reason": reason} for record, reason in outcome.refused]
    return {"done": [record.pk for record in outcome.done], "refused": refused}
