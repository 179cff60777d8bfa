"""What every entity promises about its timeline, taking back, and deleting for good."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.flow import undo
from crm.flow.models import Command
from crm.record import write
from crm.testing import contract
from crm.testing.factory import build
from crm.timeline.models import Comment

if TYPE_CHECKING:
    from crm.testing.contract import World


def the_timeline_tells_what_happened_within_its_budget(world: "World") -> None:
    """It is the first tab: creation, edits, children and comments, in the reader's scope, at a fixed cost."""
    alice, entity = world.people.alice, contract.home(world.entity)
    record: Any = build(entity, alice)
    path = entity.url("tab/timeline", record.pk)
    costs = []
    for count in (1, 6):
        for number in range(count):
            setattr(record, contract.editable_text(entity), f"{contract.MARK}{count}{number}")
            write.update([record], alice)
            for child, tab in entity.child_tabs():
                build(child, alice, **{tab.via: record})
            world.as_(alice).post(entity.url("comments", record.pk), {"text": f"评论{count}{number}"})
        world.get(alice, path)
        with CaptureQueriesContext(connection) as queries:
            assert world.get(alice, path).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= contract.TAB_QUERIES, costs
    page = contract.text(world.get(alice, path))
    assert f"{contract.MARK}65" in page and "评论65" in page
    if contract.owned(world):
        assert world.get(world.people.charlie, path).status_code == 404


def a_comment_needs_the_view_and_stays_text(world: "World") -> None:
    """Whoever sees the record comments on it; nobody else does, and markup is shown as it was typed."""
    record = world.make(world.people.alice)
    path = contract.home(world.entity).url("comments", record.pk)
    if contract.owned(world):
        assert world.as_(world.people.charlie).post(path, {"text": "x"}).status_code == 404
        assert not Comment.objects.exists()
    assert world.as_(world.people.alice).post(path, {"text": contract.HOSTILE}).status_code == 302
    body = contract.text(world.get(world.people.alice, contract.home(world.entity).url("tab/timeline", record.pk)))
    assert "m()" in body and "<img src=x" not in body and "<script>m()" not in body


def what_was_deleted_comes_back_by_undo(world: "World") -> None:
    """Deleting can be taken back by whoever did it, and by nobody else."""
    alice, entity = world.people.alice, contract.home(world.entity)
    record = build(entity, alice)
    world.as_(alice).post(entity.url("delete", record.pk))
    assert world.get(alice, entity.url("detail", record.pk)).status_code == 404
    path = f"/undo/{Command.objects.latest('pk').token}/"
    assert world.as_(world.people.root).post(path).status_code == 404
    assert world.as_(alice).post(path).status_code == 302
    assert world.get(alice, entity.url("detail", record.pk)).status_code == 200
    assert contract.history(record)[-1].action == "undo"


def an_edit_is_undone_unless_it_was_changed_since(world: "World") -> None:
    """The former value comes back; what somebody wrote since stays."""
    alice, entity = world.people.alice, contract.home(world.entity)
    record: Any = build(entity, alice)
    name = contract.editable_text(entity)
    before = getattr(record, name)
    for later in ("", "后改的"):
        record = entity.model._base_manager.get(pk=record.pk)
        setattr(record, name, "先改的")
        write.update([record], alice)
        command: Any = undo.remember([record], alice, "change", "edit")
        if later:
            setattr(record, name, later)
            write.update([record], world.people.root)
        answer = world.as_(alice).post(f"/undo/{command.token}/")
        assert answer.status_code == (409 if later else 302)
        assert getattr(entity.model._base_manager.get(pk=record.pk), name) == (later or before)


def purging_is_for_administrators(world: "World") -> None:
    """From the recycle bin a record goes for good, asked for twice, by administrators only; its history stays."""
    alice, entity = world.people.alice, contract.home(world.entity)
    record: Any = build(entity, alice)
    kept = len(contract.history(record))
    path, sure = f"/recycle-bin/{entity.app}/{entity.name}/purge/", {"ids": record.pk, "sure": "1"}
    assert world.as_(world.people.root).post(path, sure).status_code == 404, "it is not in the recycle bin"
    write.delete([record], alice)
    assert world.as_(alice).post(path, sure).status_code == 403
    assert world.as_(world.people.root).post(path, {"ids": record.pk}).status_code == 200
    assert entity.model._base_manager.filter(pk=record.pk).exists()
    assert world.as_(world.people.root).post(path, sure).status_code == 302
    assert not entity.model._base_manager.filter(pk=record.pk).exists()
    assert len(contract.history(record)) == kept + 1


PROMISES: "list[Callable[[World], None]]" = [
    the_timeline_tells_what_happened_within_its_budget,
    a_comment_needs_the_view_and_stays_text,
    what_was_deleted_comes_back_by_undo,
    an_edit_is_undone_unless_it_was_changed_since,
    purging_is_for_administrators,
]
