"""Comments on records. Callers have checked that the user may see the record."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.audit import log
from crm.kernel.dates import now
from crm.kernel.errors import Denied, Invalid, Refused
from crm.kernel.phrases import phrase
from crm.notify import inbox
from crm.org.models import User
from crm.record.models import Record
from crm.record.names import names
from crm.record.purge import Purged
from crm.timeline.models import LONGEST, Comment, Like, Mention
from crm.timeline.people import who_may_see

MOST_MENTIONS = 20
AT = re.compile(r"[@＠]")


def comment(record: Record, text: str, by: User, *, parent: int | None = None, chosen: Sequence[int] = ()) -> Comment:
    """Write a comment, or a reply to the comment `parent`, and tell whom it mentions and answers.

    People are mentioned as @name; `chosen` are the ids that tell namesakes apart. Raises `Invalid` for a text
    that is empty or too long, and `Refused` for a mention of somebody who may not see the record.
    """
    text = _clean(text)
    mentioned = _mentioned(record, text, chosen)
    with transaction.atomic():
        above = _parent(record, parent) if parent else None
        made = Comment.objects.create(
            content_type=_type(record), object_id=record.pk, parent=above, by=by, at=now(), text=text
        )
        Mention.objects.bulk_create([Mention(comment=made, user=user) for user in mentioned])
        told = [user for user in mentioned if user != by]
        title = phrase(gettext_lazy("{person} mentioned you in a comment"), person=str(by))
        inbox.send(told, "mention", title, about=record)
        if above and above.by != by and above.by not in told:
            answer = phrase(gettext_lazy("{person} replied to your comment"), person=str(by))
            inbox.send(who_may_see(record, [above.by]), "mention", answer, about=record)
        log.note(by, "comment", entity=record.key(), ids=[record.pk])
    return made


def find(record: Record, pk: int) -> Comment | None:
    """A comment or reply of the record that has not been deleted."""
    mine = Comment.objects.filter(content_type=_type(record), object_id=record.pk, deleted_at=None)
    return mine.filter(pk=pk).first()


def delete(made: Comment, by: User) -> None:
    """Take back one's own comment; replies to it stay."""
    if made.by_id != by.pk:
        raise Denied(_("You can delete your own comments only."))
    made.deleted_at = now()
    made.save(update_fields=["deleted_at"])


def like(thing: Comment | Record, by: User) -> bool:
    """Like something, or no longer; whether it is liked now. Two clicks at once count as two."""
    mine = Like.objects.filter(content_type=_type(thing), object_id=thing.pk, user=by)
    if mine.delete()[0]:
        return False
    Like.objects.bulk_create(
        [Like(content_type=_type(thing), object_id=thing.pk, user=by, at=now())], ignore_conflicts=True
    )
    return True


def forget(event: Purged) -> None:
    """The records are gone for good, and so is what was said about them."""
    content_type = ContentType.objects.get_for_model(event.model)
    said = Comment.objects.filter(content_type=content_type, object_id__in=event.ids)
    of_comments = ContentType.objects.get_for_model(Comment)
    Like.objects.filter(content_type=of_comments, object_id__in=said.values("pk")).delete()
    Like.objects.filter(content_type=content_type, object_id__in=event.ids).delete()
    said.delete()


def _clean(text: str) -> str:
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        raise Invalid({"text": [_("Write something first.")]})
    if len(text) > LONGEST:
        raise Invalid({"text": [_("A comment has at most %(count)s characters.") % {"count": LONGEST}]})
    return text


def _parent(record: Record, pk: int) -> Comment:
    above = Comment.objects.select_related("by", "parent__by").filter(
        content_type=_type(record), object_id=record.pk, deleted_at=None, pk=pk
    )
    found = above.first()
    if found is None:
        raise Refused(_("The comment that you reply to has been deleted."))
    return found.parent or found


def _mentioned(record: Record, text: str, chosen: Sequence[int]) -> list[User]:
    """The people whose names follow an @ in the text."""
    if not AT.search(text):
        return []
    found = dict.fromkeys(pk for name in _called(text) for pk in _ids(record, name, chosen))
    if len(found) > MOST_MENTIONS:
        raise Invalid({"text": [_("A comment mentions at most %(count)s people.") % {"count": MOST_MENTIONS}]})
    users = list(User.objects.filter(pk__in=found))
    able = who_may_see(record, users)
    for user in users:
        if user not in able:
            text = _("%(person)s may not see this record and cannot be mentioned here. Share it with them first.")
            raise Refused(text % {"person": user})
    return users


def _called(text: str) -> Iterable[str]:
    """The longest name of an active user after each @."""
    known = names()
    called = sorted({known.users[pk] for pk in known.active_users}, key=len, reverse=True)
    for part in AT.split(text)[1:]:
        name = next((name for name in called if name and part.startswith(name)), None)
        if name:
            yield name


def _ids(record: Record, name: str, chosen: Sequence[int]) -> list[int]:
    known = names()
    namesakes = [pk for pk in known.active_users if known.users[pk] == name]
    picked = [pk for pk in namesakes if pk in chosen]
    if picked or len(namesakes) < 2:
        return picked or namesakes
    able = who_may_see(record, User.objects.filter(pk__in=namesakes))
    if len(able) > 1:
        raise Invalid({"text": [_("Several people are called %(name)s. Choose one from the list.") % {"name": name}]})
    return [user.pk for user in able] or namesakes[:1]


def _type(thing: Any) -> ContentType:
    return ContentType.objects.get_for_model(type(thing))
