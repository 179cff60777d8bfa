"""What a search must not tell: that a field which the reader may not see holds what was typed.

Of a masked phone one may search what the mask shows, its last four digits, and the whole number,
which whoever types it knows already. Any other part would let the rest be guessed digit by digit.
"""

import re
from typing import TYPE_CHECKING, Any

from django.db.models import F, Func, Q, TextField, Value
from django.db.models.lookups import Contains, EndsWith, Exact, IContains

from crm.fields.rules import narrowed
from crm.kernel import registry

if TYPE_CHECKING:
    from crm.org.models import User
    from crm.record.models import Record

TAIL = 4
RUN = re.compile(r"\d+")


def unseen_matches(model: "type[Record]", user: "User", query: str) -> Q | None:
    """The rows that may match in an unseen field only; None where the reader sees all that is searched."""
    narrow = narrowed(user, model.key())
    searched = {*model.search_names, *model.search_phones, *model.search_codes, *model.search_texts}
    unseen = {name: Q() for name in searched & (narrow.hidden | narrow.masked)}
    if not narrow.reveals:
        unseen |= {name: _unowned(model) for name in searched & _masked_until_owned(model) if name not in unseen}
    if not unseen:
        return None
    open_fields = sorted(searched - set(unseen))
    # A whole number may be written in groups.
    whole = "".join(RUN.findall(query))
    found = Q(pk__in=[])
    for name, when in unseen.items():
        for word in _words(query):
            hit = _holds(model, name, word, None if name in narrow.hidden else whole)
            elsewhere = Q(pk__in=[])
            for other in open_fields:
                elsewhere |= Q(**{f"{other}__icontains": word})
            found |= Q(hit) & when & ~elsewhere
    return found


def _words(query: str) -> list[str]:
    """What may have been meant: each word, its digits, and all digits together, as a number written in groups."""
    words = query.split()
    digits = [run for word in words for run in RUN.findall(word)]
    return list(dict.fromkeys([*words, *digits, *(["".join(digits)] if len(digits) > 1 else [])]))


def _holds(model: "type[Record]", name: str, word: str, whole: str | None) -> Any:
    """Whether the field holds the word, unless what the reader knows of it explains that: its end, or all of it."""
    if name not in model.search_phones:
        return IContains(F(name), Value(word))
    if not word.isdigit():
        return Q(pk__in=[])
    number = Func(F(name), Value(r"\D"), Value(""), Value("g"), function="regexp_replace", output_field=TextField())
    inside = Q(Contains(number, word))
    if whole is None:
        return inside
    explained = Q(Exact(number, Value(whole)))
    if len(word) <= TAIL:
        explained |= Q(EndsWith(number, word))
    return inside & ~explained


def _masked_until_owned(model: "type[Record]") -> frozenset[str]:
    same = (each for each in registry.entities() if each.model is model)
    return frozenset(path for each in same for path in each.masked_until_owned)


def _unowned(model: "type[Record]") -> Q:
    parent = model.parent_field
    return Q(**{f"{parent}__owner" if parent else "owner": None})
