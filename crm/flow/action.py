"""Verbs: a function with what every door needs to know about it.

The same object serves the button, the row menu, the bulk bar, the API, the import, a job and
a test. The function takes one record, the keyword `by` and the inputs of its form:

    @action(_("Freeze"), states={"active"}, to="frozen", when=open_follow_ups, danger=True)
    def freeze(customer, *, by): ...
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.forms import Form

    from crm.org.models import User

Text = str | Promise
Place = Literal["row", "page", "list", "bulk"]


@dataclass(frozen=True)
class Action:
    """A verb on one kind of record."""

    body: Callable[..., Any]
    label: Text
    perm: str
    # States in which it is possible; empty means any.
    states: frozenset[str] = frozenset()
    # The state it leads to; None leaves it (or the body decides).
    to: str | None = None
    # Gives the reason why it is not possible now, or None. Called again under the lock.
    when: Callable[[Any, "User"], Text | None] | None = None
    # The inputs to ask for: a Django form class taking the keyword `user`.
    form: "type[Form] | None" = None
    danger: bool = False
    # What it will do, told before it is done; and the notice afterwards, where the label alone says too little.
    effect: Text = ""
    done: Text = ""
    # "each": per row, reporting those refused; "all": one refusal stops all; None: one record at a time.
    bulk: Literal["each", "all"] | None = None
    icon: str = ""
    # The letter that does it on the focused row of a list, such as "C".
    key: str = ""
    place: frozenset[Place] = frozenset({"row", "page"})
    # States in which a list shows it as a button in the row itself; of several, the first that the user may do.
    on_row: frozenset[str] = frozenset()
    # The named part of the scope that it works on, such as "pool".
    part: str | None = None
    # Says for records that the user cannot act on any more why that is; see `crm.flow.run`.
    explain: Callable[[Collection[int], "User"], Text | None] | None = None
    # Called once per run, in its transaction, with the records that were done, the user and the inputs: for messages.
    after: Callable[[list[Any], "User", dict[str, Any]], None] | None = None
    # Whether writing back the columns that it changed takes it back entirely; see `crm.flow.undo`.
    undo: bool = False

    @property
    def name(self) -> str:
        """How URLs, permissions and the API call it: the function's name."""
        return self.body.__name__

    @property
    def asks(self) -> bool:
        """Whether it asks in a dialog before it runs: for inputs, or because it is dangerous."""
        return self.danger or self.form is not None

    def refusal(self, record: Any, user: "User") -> str | None:
        """Why it is not possible on this record now, as a sentence; None when it is."""
        if self.states and getattr(record, record.state_field) not in self.states:
            return wrong_state(record)
        reason = self.when(record, user) if self.when else None
        return str(reason) if reason else None


def action(
    label: Text,
    *,
    perm: str = "",
    states: Collection[str] = (),
    place: Collection[Place] = ("row", "page"),
    on_row: Collection[str] = (),
    **options: Any,
) -> Callable[[Callable[..., Any]], Action]:
    """Turn a function into an `Action`; its permission is called like the function unless `perm` says otherwise."""

    def declare(body: Callable[..., Any]) -> Action:
        return Action(
            body=body,
            label=label,
            perm=perm or body.__name__,
            states=frozenset(states),
            place=frozenset(place),
            on_row=frozenset(on_row),
            **options,
        )

    return declare


def wrong_state(record: Any) -> str:
    """What is said of a record whose state the action does not start from."""
    return _("Not possible while the state is “%(state)s”.") % {"state": record.state_label}
