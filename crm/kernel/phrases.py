"""Sentences that are kept in the database and read by each person in their own language.

kept = phrase(_("{who} assigned {n} customers to you"), who="王芳", n=3)   # lazy gettext
said(kept)                                                                 # in the active language
"""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as translated
from django.utils.translation import ngettext as translated_plural
from django.utils.translation import override

Text = str | Promise
# {"id": msgid} or {"id": singular, "plural": …, "by": the number's name} or {"raw": text}, and "with": the values.
Phrase = dict[str, Any]


def phrase(text: Text, **values: Any) -> Phrase:
    """A sentence ready to be stored as JSON.

    `text` is a lazy gettext (or ngettext) string with `{name}` places; a plain string is kept as it is.
    A value may be a string, a number, another lazy string or another phrase; anything else becomes a string.
    """
    return _source(text) | ({"with": {name: _value(value) for name, value in values.items()}} if values else {})


def said(kept: Phrase) -> str:
    """The sentence in the active language, its values put in."""
    if "raw" in kept:
        return str(kept["raw"])
    values = {name: said(value) if isinstance(value, dict) else value for name, value in kept.get("with", {}).items()}
    if "plural" in kept:
        return translated_plural(kept["id"], kept["plural"], float(values[kept["by"]])).format(**values)
    return translated(kept["id"]).format(**values)


def _source(text: Text) -> Phrase:
    if not isinstance(text, Promise):
        return {"raw": text}
    if hasattr(text, "_get_number_value"):
        # A lazy plural knows its two source strings only in what it tells to pickle.
        kept: Any = text.__reduce__()
        _function, _type, number, source = kept[1]
        return {"id": source["singular"], "plural": source["plural"], "by": number}
    with override(None):
        return {"id": str(text)}


def _value(value: Any) -> Any:
    if isinstance(value, Promise):
        return _source(value)
    return value if isinstance(value, str | int | float | dict) else str(value)
