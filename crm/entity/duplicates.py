"""What a form can say about likely duplicates while one is typing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    from crm.org.models import User

MOST_HITS = 5


@dataclass(frozen=True)
class Hit:
    """A record that may be the same: no more than whoever may not see it is allowed to know."""

    pk: int
    name: str
    # Why it may be the same, in a few words.
    reason: str | Promise
    owner: str
    department: str
    state: str
    last_follow_up_at: datetime | None
    # Whether the user may open it.
    visible: bool


@dataclass(frozen=True)
class DuplicateCheck:
    """The fields that it looks at, and the search: (typed values, user, id being edited) → at most `MOST_HITS` hits."""

    fields: Sequence[str]
    find: "Callable[[Mapping[str, str], User, int | None], list[Hit]]"
