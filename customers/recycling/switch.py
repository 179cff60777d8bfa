"""Switching a rule on: only by somebody who has seen whom it would reach as it stands."""

from typing import Any

from django.core import signing
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from crm.kernel.errors import Refused
from customers.models import RecycleRule

SALT = "customers.recycling"
VALID = 3600  # seconds


def seen(rule: RecycleRule) -> str:
    """What a preview hands out: proof of which rule it showed, and how the rule stood."""
    return signing.dumps(_as_it_stands(rule), salt=SALT)


def switch_on(pk: int, proof: str) -> RecycleRule:
    """Switch a rule on; `Refused` without the proof of a preview of the rule as it stands."""
    rule = RecycleRule.objects.select_for_update().get(pk=pk)
    try:
        shown = signing.loads(proof, salt=SALT, max_age=VALID)
    except signing.BadSignature as error:
        raise Refused(_("Look at the preview first.")) from error
    if shown != _as_it_stands(rule):
        raise Refused(_("The rule has been changed since. Look at the preview again."))
    rule.active = True
    rule.save(update_fields=["active"])
    return rule


def switch_off(pk: int) -> RecycleRule:
    """Switch a rule off; nobody is recycled by it any more."""
    rule = RecycleRule.objects.select_for_update().get(pk=pk)
    rule.active = False
    rule.save(update_fields=["active"])
    return rule


def _as_it_stands(rule: RecycleRule) -> dict[str, Any]:
    return {**model_to_dict(rule), "id": rule.pk}
