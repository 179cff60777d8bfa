"""Deleting: the verb that every record has. It moves records to the recycle bin."""

from typing import TYPE_CHECKING, Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.flow.action import action
from crm.kernel.dates import now
from crm.record.references import Reference, references

if TYPE_CHECKING:
    from crm.org.models import User

LONGEST_NAME = 20  # characters of a name within a sentence


def still_needed(record: Any, user: "User") -> str | None:
    """A rule of its own, or other records that would be left without this one."""
    if reason := record.kept_because():
        return str(reason)
    needed = references(record, user)
    return (
        _("Needed by %(others)s. Delete these first.") % {"others": _("; ").join(map(_in_words, needed))}
        if needed
        else None
    )


@action(
    gettext_lazy("Delete"),
    when=still_needed,
    danger=True,
    bulk="each",
    icon="trash",
    effect=gettext_lazy("It goes to the recycle bin. An administrator can restore it."),
    done=pgettext_lazy("notice", "Deleted"),
    undo=True,
)
def delete(record: Any, *, by: "User") -> None:
    """The record goes to the recycle bin, where administrators can restore it. Refused while others need it."""
    record.deleted_at, record.deleted_by = now(), by


def _in_words(reference: Reference) -> str:
    words = {"count": reference.count, "kind": reference.label}
    if not reference.names:
        return _("%(count)s %(kind)s") % words
    shown = [Truncator(name).chars(LONGEST_NAME) for name in reference.names]
    more = _(" and others") if reference.count > len(shown) else ""
    return _("%(count)s %(kind)s (%(names)s%(more)s)") % {**words, "names": _(", ").join(shown), "more": more}
