"""What every entity promises, whatever it is: one function per promise, over HTTP where people meet it.

`tests/contract` runs them over the registry; `docs/adding-an-entity.md` shows them to authors.
Each takes a `World`: the entity, people, and clients that are signed in as them.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.text import capfirst
from openpyxl import load_workbook

from crm.entity.checks import problems
from crm.entity.columns import kind_of
from crm.entity.declare import Entity
from crm.exchange.models import Import, ImportRow, OnDuplicate
from crm.jobs.run import work
from crm.kernel import registry
from crm.org.models import Scope, User
from crm.record import write
from crm.record.models import Change, Record
from crm.testing import (
    api_promises,
    exchange_promises,
    field_promises,
    in_place_promises,
    life_promises,
    search_promises,
    view_promises,
)
from crm.testing.factory import as_typed, build, fill
from crm.testing.people import People, all_permissions, grant

LIST_QUERIES = 12
DETAIL_QUERIES = 20
TAB_QUERIES = 12
WRITE_QUERIES = 30
BACKEND = "crm.org.auth.Backend"
MARK = "机密7f3a"
HOSTILE = '"><img src=x onerror=m()><script>m()</script>'


@dataclass
class World:
    """An entity among people."""

    entity: Entity
    people: People
    clients: dict[str, Client] = field(default_factory=dict)

    def as_(self, user: User) -> Client:
        """A browser that is signed in as the user."""
        if user.username not in self.clients:
            self.clients[user.username] = Client()
            self.clients[user.username].force_login(user, backend=BACKEND)
        return self.clients[user.username]

    def make(self, by: User, **given: Any) -> Record:
        """A record that `by` made."""
        return build(self.entity, by, **given)

    def get(self, user: User, path: str, **params: Any) -> Any:
        """A page as the user gets it."""
        return self.as_(user).get(path, params)

    @property
    def name(self) -> str:
        """The field by which a record is called."""
        return self.entity.model.name_field


def declaration_has_no_problems(world: World) -> None:
    """All names in the declaration exist."""
    assert problems(world.entity) == []


def strangers_are_sent_to_the_sign_in(world: World) -> None:
    """Nothing is shown without an account."""
    record = world.make(world.people.alice)
    for path in paths(world.entity, record):
        answer = Client().get(path)
        assert (answer.status_code, answer.headers.get("Location", "").split("?")[0]) == (302, "/sign-in/"), path


def without_the_right_every_door_is_closed(world: World) -> None:
    """A role without any grant on the entity reaches none of its pages."""
    record = world.make(world.people.alice)
    grant(world.people.seller, world.entity.model.key(), set(), Scope.ALL)
    before = snapshot(record)
    for path in paths(world.entity, record):
        assert world.get(world.people.alice, path).status_code in (403, 404), path
        assert world.as_(world.people.alice).post(path, {world.name: "neu"}).status_code in (403, 404, 405), path
    assert snapshot(record) == before


def somebody_elses_record_does_not_exist(world: World) -> None:
    """Out of scope: absent from the list and its search, 404 at every address, and unchanged."""
    record = world.make(world.people.alice, **marked(world))
    if not owned(world):
        return
    before, charlie = snapshot(record), world.people.charlie
    for params in ({}, {"q": MARK[:2]}):
        assert MARK not in text(world.get(charlie, world.entity.url(), **params))
    for page in ("detail", "edit", "delete", *[f"do/{action.name}" for action in world.entity.actions]):
        path = home(world.entity).url(page, record.pk)
        assert world.get(charlie, path).status_code == 404, path
        # An action answers 409 with a name only to whoever saw the customer in the pool before.
        assert world.as_(charlie).post(path, {world.name: "neu"}).status_code in (404, 405), path
    assert snapshot(record) == before


def the_owner_and_their_manager_see_the_record(world: World) -> None:
    """In scope: in the list, found by search, and open."""
    record = world.make(world.people.alice, **marked(world))
    for user in (world.people.alice, world.people.carol, world.people.root):
        assert MARK in text(world.get(user, world.entity.url())), user
        assert MARK in text(world.get(user, world.entity.url(), q=MARK[:2])), user
        assert MARK in text(world.get(user, home(world.entity).url("detail", record.pk))), user


def a_list_costs_the_same_for_two_rows_and_for_twenty(world: World) -> None:
    """Statements do not grow with rows, and stay within the budget."""
    costs = []
    for count in (2, 18):
        for _ in range(count):
            world.make(world.people.alice)
        world.get(world.people.alice, world.entity.url())  # fills the caches
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert world.get(world.people.alice, world.entity.url()).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= LIST_QUERIES, costs


def a_detail_page_stays_within_its_budget(world: World) -> None:
    """The 360 page and each of its tabs."""
    record = world.make(world.people.alice)
    entity = home(world.entity)
    for child, tab in entity.child_tabs():
        build(child, world.people.alice, **{tab.via: record})
    world.get(world.people.alice, entity.url("detail", record.pk))
    with CaptureQueriesContext(connection) as queries:
        page = world.get(world.people.alice, entity.url("detail", record.pk))
    assert page.status_code == 200 and len(queries) <= DETAIL_QUERIES, len(queries)
    tabs = re.findall(rf"{entity.url('detail', record.pk)}tab/[\w.-]+/", text(page))
    assert len(set(tabs)) >= len(entity.child_tabs()) + 1, "a tab for each kind of child, and the history"
    for path in set(tabs):
        with CaptureQueriesContext(connection) as queries:
            assert world.get(world.people.alice, path).status_code == 200, path
        assert len(queries) <= TAB_QUERIES, (path, len(queries))


def every_sort_filter_and_search_box_answers(world: World) -> None:
    """Whatever stands in the URL, the list answers with a page."""
    record = world.make(world.people.alice)
    for column in world.entity.bound_columns:
        for sign in ("", "-"):
            assert world.get(world.people.alice, world.entity.url(), sort=f"{sign}{column.path}").status_code == 200
    for name in world.entity.filters:
        value = getattr(record, name)
        for typed in (getattr(value, "pk", value) or "", "'", "\x00", "999999999999999999999", "１２"):
            for parameter in (name, f"{name}_after", f"{name}_min"):
                answer = world.get(world.people.alice, world.entity.url(), **{parameter: typed})
                assert answer.status_code in (200, 400), (parameter, typed)
    for words in ("测试", "a", "'; select", "\x00", "%", "腾讯 12", "x" * 5000):
        assert world.get(world.people.alice, world.entity.url(), q=words).status_code in (200, 400), words
    for page in ("0", "-1", "10000000000000", "x", "2"):
        assert world.get(world.people.alice, world.entity.url(), page=page).status_code == 200, page


def undeclared_parameters_change_nothing(world: World) -> None:
    """No lookup of the ORM is reachable from the URL."""
    world.make(world.people.alice, **marked(world))
    for parameter in ("owner__password__startswith", "id__gt", "_connector", "deleted_at__isnull", "search__finds"):
        assert MARK in text(world.get(world.people.alice, world.entity.url(), **{parameter: "p"})), parameter


def a_form_creates_with_history_number_and_owner(world: World) -> None:
    """What is typed arrives, once; what is not asked for cannot be set."""
    alice, entity = world.people.alice, world.entity
    page = world.get(alice, entity.url("new"))
    assert page.status_code == 200
    typed = as_typed(entity, fill(entity, alice)) | hidden(page)
    stolen = {
        "owner": world.people.charlie.pk,
        "owner_id": world.people.charlie.pk,
        "number": "X1",
        "version": 99,
        "deleted_at": "2020-01-01",
        "created_by": world.people.charlie.pk,
        "id": 7,
    }
    answer = world.as_(alice).post(entity.url("new"), {**stolen, **typed})
    assert answer.status_code == 302, text(answer)[-3000:]
    record: Any = entity.model._base_manager.latest("pk")
    assert (record.created_by, record.version, record.deleted_at) == (alice, 1, None)
    assert record.number != "X1" and record.owner in (alice, None)
    assert str(getattr(record, world.name)) == typed[world.name]
    assert [change.action for change in history(record)] == ["create"]
    again = world.as_(alice).post(entity.url("new"), {**stolen, **typed})
    assert again.status_code == 302 and entity.model._base_manager.latest("pk") == record, "a double click creates one"


def a_form_refuses_with_a_sentence_at_the_field_and_keeps_what_was_typed(world: World) -> None:
    """Bad input comes back as 422."""
    alice, entity = world.people.alice, world.entity
    typed = as_typed(entity, fill(entity, alice)) | hidden(world.get(alice, entity.url("new")))
    required = [name for name in entity.fields if not entity.model._meta.get_field(name).blank]  # type: ignore[union-attr]
    kept = next(
        (name for name in entity.fields if name not in required and typed.get(name, "").startswith("测试")), None
    )
    count = entity.model._base_manager.count()
    answer = world.as_(alice).post(entity.url("new"), {**typed, required[0]: ""})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in text(answer)
    assert kept is None or typed[kept] in text(answer)
    assert entity.model._base_manager.count() == count


def an_edit_is_logged_and_the_second_editor_is_told(world: World) -> None:
    """Two editors: the later one learns of the change and loses nothing typed."""
    alice, entity = world.people.alice, home(world.entity)
    record = build(entity, alice)
    field_name = editable_text(entity)
    first, second = (hidden(world.get(alice, entity.url("edit", record.pk))) for _ in range(2))
    values = as_typed(entity, {name: getattr(record, name) for name in entity.fields})
    assert (
        world.as_(alice).post(entity.url("edit", record.pk), {**values, **first, field_name: "先改的"}).status_code
        == 302
    )
    assert history(record)[-1].fields[field_name][1] == "先改的"
    late = world.as_(alice).post(entity.url("edit", record.pk), {**values, **second, field_name: "后改的"})
    assert late.status_code == 409
    assert "先改的" in text(late) and "后改的" in text(late)
    assert getattr(entity.model._base_manager.get(pk=record.pk), field_name) == "先改的"


def a_conflict_is_settled_by_one_press(world: World) -> None:
    """Of two editors the second takes all of the other's values, or all of their own."""
    alice, entity = world.people.alice, home(world.entity)
    field_name = editable_text(entity)
    for choice, stays in (("theirs", "先改的"), ("mine", "后改的")):
        record = build(entity, alice)
        path = entity.url("edit", record.pk)
        first, second = (hidden(world.get(alice, path)) for _ in range(2))
        values = as_typed(entity, {name: getattr(record, name) for name in entity.fields})
        world.as_(alice).post(path, {**values, **first, field_name: "先改的"})
        told = world.as_(alice).post(path, {**values, **second, field_name: "后改的"})
        assert told.status_code == 409 and f'name="take_{field_name}"' in text(told)
        answered = {**hidden(told), f"take_{field_name}": "mine", "take_all": choice}
        assert world.as_(alice).post(path, {**values, **answered, field_name: "后改的"}).status_code == 302
        assert getattr(entity.model._base_manager.get(pk=record.pk), field_name) == stays


def a_form_names_its_draft(world: World) -> None:
    """What is typed is kept on the device under user, entity and record, and under nobody else's name."""
    record = world.make(world.people.alice)
    main = home(world.entity)
    for entity, path, which in (
        (world.entity, world.entity.url("new"), "new"),
        (main, main.url("edit", record.pk), record.pk),
    ):
        for user in (world.people.alice, world.people.root):
            answer = world.get(user, path)
            if answer.status_code == 200:
                assert f'data-draft="{user.pk}/{entity.key}/{which}"' in text(answer), path


def lines_belong_to_their_document(world: World) -> None:
    """A line of another document is neither changed, moved nor removed through this one's form."""
    alice, entity = world.people.alice, home(world.entity)
    if entity.lines is None:
        return
    parent = entity.lines.model.parent_field
    record, other = build(entity, alice), build(entity, alice)
    line = entity.lines.model(**{parent: other}, **fill(entity.lines.entity, alice))
    write.insert([line], alice)
    before = snapshot(line)
    values = as_typed(entity, {name: getattr(record, name) for name in entity.fields})
    values |= hidden(world.get(alice, entity.url("edit", record.pk)))
    stolen = {"lines-0-id": str(line.pk), "lines-0-removed": "1"}
    assert world.as_(alice).post(entity.url("edit", record.pk), {**values, **stolen}).status_code == 422
    assert snapshot(line) == before


def deleting_hides_and_is_logged(world: World) -> None:
    """A deleted record is gone from list and page, and stands in the recycle bin."""
    alice, entity = world.people.alice, home(world.entity)
    record = build(entity, alice, **({world.name: MARK} if is_text(entity, world.name) else {}))
    answer = world.as_(alice).post(
        entity.url("delete", record.pk), hidden(world.get(alice, entity.url("delete", record.pk)))
    )
    assert answer.status_code in (204, 302), text(answer)[-2000:]
    assert world.get(alice, entity.url("detail", record.pk)).status_code == 404
    assert MARK not in text(world.get(alice, entity.url()))
    assert entity.model._base_manager.get(pk=record.pk).deleted_at is not None
    assert history(record)[-1].action == "delete"


def hostile_text_stays_text(world: World) -> None:
    """Markup in any text field is shown, never built."""
    alice, entity = world.people.alice, world.entity
    given = {
        name: HOSTILE[: getattr(entity.model._meta.get_field(name), "max_length", None) or 4000]
        for name in entity.fields
        if is_text(entity, name) and name not in ("phone", "mobile", "credit_code")
    }
    record = world.make(alice, **given)
    main = home(entity)
    pages = [
        entity.url(),
        main.url("detail", record.pk),
        main.url("edit", record.pk),
    ]
    for path in pages:
        body = text(world.get(alice, path))
        assert "<img src=x" not in body and "<script>m()" not in body, path


def relations_offer_only_what_the_user_may_see(world: World) -> None:
    """Search boxes of relation fields, and forms that name a hidden record, find nothing."""
    hidden_record = world.make(world.people.alice, **marked(world))
    if not owned(world):
        return
    answer = world.get(world.people.charlie, home(world.entity).url("options"), q=MARK[:2])
    assert answer.status_code in (200, 403) and MARK not in text(answer)
    for child, tab in home(world.entity).child_tabs():
        typed = as_typed(child, fill(child, world.people.charlie)) | {tab.via: str(hidden_record.pk)}
        count = child.model._base_manager.count()
        typed |= hidden(world.get(world.people.charlie, child.url("new")))
        assert world.as_(world.people.charlie).post(child.url("new"), typed).status_code == 422
        assert child.model._base_manager.count() == count


def an_action_needs_its_right_and_leaves_no_trace_without(world: World) -> None:
    """Each action, by somebody whose role lacks just this right."""
    record = world.make(world.people.alice)
    for action in world.entity.actions:
        key = world.entity.model.key()
        grant(world.people.seller, key, all_permissions(key) - {action.perm}, Scope.OWN)
        before = snapshot(record)
        path = home(world.entity).url(f"do/{action.name}", record.pk)
        assert world.as_(world.people.alice).post(path, {}).status_code in (403, 404), action.name
        assert snapshot(record) == before, action.name


def an_action_refuses_a_wrong_state(world: World) -> None:
    """A record in a state that the action does not start from stays as it is."""
    record: Any = world.make(world.people.root)
    for action in world.entity.actions:
        if action.states and getattr(record, record.state_field) not in action.states:
            before = snapshot(record)
            path = home(world.entity).url(f"do/{action.name}", record.pk)
            assert world.as_(world.people.root).post(path, {}).status_code in (403, 404, 409, 422), action.name
            assert snapshot(record) == before, action.name


def a_fragment_is_only_the_fragment(world: World) -> None:
    """htmx gets the list without the shell around it."""
    body = text(world.as_(world.people.alice).get(world.entity.url(), headers={"HX-Request": "true"}))
    assert "<html" not in body and "<nav" not in body


def pages_have_one_heading_and_labelled_fields(world: World) -> None:
    """For readers who do not see."""
    record = world.make(world.people.alice)
    main = home(world.entity)
    for path in (
        world.entity.url(),
        world.entity.url("new"),
        main.url("detail", record.pk),
        main.url("edit", record.pk),
    ):
        body = text(world.get(world.people.alice, path))
        assert len(re.findall(r"<h1[\s>]", body)) == 1, path
        assert re.search(r"<html[^>]* lang=", body), path


def an_export_holds_what_the_user_sees_as_text(world: World) -> None:
    """Own rows are in the file, others' are not, and nothing in it runs as a formula."""
    alice, entity = world.people.alice, world.entity
    if entity.exchange is None:
        return
    world.make(alice, **{world.name: f"=1+{MARK}"})
    if owned(world):
        world.make(world.people.charlie, **{world.name: "别人的"})
    sheet = load_workbook(exported(world, alice)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert f"=1+{MARK}" in {cell.value for cell in cells}
    assert "别人的" not in {cell.value for cell in cells}
    assert all(cell.data_type != "f" for cell in cells)


def what_is_exported_comes_back_unchanged(world: World) -> None:
    """Export, then import with "update": every row is the same, nothing is written."""
    alice, entity = world.people.alice, world.entity
    if entity.exchange is None:
        return
    records = [world.make(alice) for _ in range(3)]
    before = [snapshot(record) for record in records]
    count = entity.model._base_manager.count()
    batch = imported(world, alice, exported(world, alice), on_duplicate=OnDuplicate.UPDATE)
    assert outcome(batch) == {"skipped": 3}, sentences(batch)
    assert [snapshot(record) for record in records] == before
    assert entity.model._base_manager.count() == count


def an_import_creates_and_tells_what_fails(world: World) -> None:
    """New rows arrive with history; a row without what is required fails alone, with a sentence."""
    alice, entity = world.people.alice, world.entity
    if entity.exchange is None:
        return
    record = world.make(alice)
    book = load_workbook(exported(world, alice))
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    values = [
        None if head == label(entity, "number") else cell.value for head, cell in zip(heads, sheet[2], strict=True)
    ]
    name = heads.index(label(entity, world.name))
    values[name] = f"{MARK}新"
    sheet.append(values)
    values[name] = None
    sheet.append(values)
    sheet.delete_rows(2)
    batch = imported(world, alice, saved_book(book), on_duplicate=OnDuplicate.SKIP)
    assert outcome(batch) == {"created": 1, "failed": 1}, sentences(batch)
    made = entity.model._base_manager.latest("pk")
    assert str(getattr(made, world.name)) == f"{MARK}新" and made.pk != record.pk
    assert [change.action for change in history(made)] in (["import"], ["create"])


PROMISES = [
    an_export_holds_what_the_user_sees_as_text,
    what_is_exported_comes_back_unchanged,
    an_import_creates_and_tells_what_fails,
    declaration_has_no_problems,
    strangers_are_sent_to_the_sign_in,
    without_the_right_every_door_is_closed,
    somebody_elses_record_does_not_exist,
    the_owner_and_their_manager_see_the_record,
    a_list_costs_the_same_for_two_rows_and_for_twenty,
    a_detail_page_stays_within_its_budget,
    every_sort_filter_and_search_box_answers,
    undeclared_parameters_change_nothing,
    a_form_creates_with_history_number_and_owner,
    a_form_refuses_with_a_sentence_at_the_field_and_keeps_what_was_typed,
    an_edit_is_logged_and_the_second_editor_is_told,
    a_conflict_is_settled_by_one_press,
    a_form_names_its_draft,
    lines_belong_to_their_document,
    deleting_hides_and_is_logged,
    hostile_text_stays_text,
    relations_offer_only_what_the_user_may_see,
    an_action_needs_its_right_and_leaves_no_trace_without,
    an_action_refuses_a_wrong_state,
    a_fragment_is_only_the_fragment,
    pages_have_one_heading_and_labelled_fields,
    *api_promises.PROMISES,
    *exchange_promises.PROMISES,
    *field_promises.PROMISES,
    *in_place_promises.PROMISES,
    *life_promises.PROMISES,
    *search_promises.PROMISES,
    *view_promises.PROMISES,
]


# -- what the promises are told with


def home(entity: Entity) -> Entity:
    """The entity that has the 360 page of the model."""
    found: Any = registry.for_model(entity.model)
    return found  # type: ignore[no-any-return]


def paths(entity: Entity, record: Record) -> list[str]:
    """The addresses of an entity and of one of its records."""
    exchange = ["import", "export"] if entity.exchange else []
    main = home(entity)
    of_record = ["detail", "edit", "delete", *[f"do/{action.name}" for action in entity.actions]]
    return [
        *[entity.url(page) for page in ("list", "new", "options", *exchange)],
        *[main.url(page, record.pk) for page in of_record],
    ]


def owned(world: World) -> bool:
    """Whether records of this list belong to whoever made them (pool customers belong to nobody)."""
    return world.entity.part != "pool"


def marked(world: World) -> dict[str, Any]:
    """The mark in the field by which a record is called."""
    return {world.name: MARK}


def is_text(entity: Entity, name: str) -> bool:
    """Whether a field holds free text."""
    return kind_of(entity.model._meta.get_field(name)) in ("text", "long")  # type: ignore[arg-type]


def editable_text(entity: Entity) -> str:
    """A free-text field of the form, the last one so that it is not the name."""
    return [name for name in entity.fields if is_text(entity, name) and name not in ("phone", "mobile", "credit_code")][
        -1
    ]


def hidden(page: Any) -> dict[str, str]:
    """The hidden fields of a page's forms: what the server wants to have sent back."""
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', text(page))
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def exported(world: World, user: User) -> BytesIO:
    """The list as the user exports it, as a workbook."""
    columns = [*(world.entity.exchange.export_only), *world.entity.exchange.fields]  # type: ignore[union-attr]
    asked = world.as_(user).post(world.entity.url("export"), {"columns": columns, "format": "xlsx"})
    assert asked.status_code == 302, text(asked)[-2000:]
    answer: Any = world.as_(user).get(asked.headers["Location"])
    assert answer.status_code == 200
    return BytesIO(b"".join(answer.streaming_content))


def imported(world: World, user: User, workbook: BytesIO, *, on_duplicate: str) -> Import:
    """The workbook as the user imports it through the pages, job included."""
    client, begin = world.as_(user), world.entity.url("import")
    upload = SimpleUploadedFile("表.xlsx", workbook.getvalue())
    asked = client.post(begin, {"files": upload})
    assert asked.status_code == 302, text(asked)[-2000:]
    page = asked.headers["Location"]
    assert world.get(user, page).status_code == 200
    batch = Import.objects.latest("pk")
    Import.objects.filter(pk=batch.pk).update(on_duplicate=on_duplicate)
    assert client.post(f"{page}start/").status_code == 302
    work("contract")
    assert world.get(user, page).status_code == 200
    return Import.objects.get(pk=batch.pk)


def outcome(batch: Import) -> Counter[str]:
    """How many rows of an import came to which end."""
    return Counter(ImportRow.objects.filter(batch=batch).values_list("state", flat=True))


def sentences(batch: Import) -> list[Any]:
    """What an import says of its rows."""
    return list(ImportRow.objects.filter(batch=batch).values_list("number", "state", "reason"))


def saved_book(book: Any) -> BytesIO:
    """A workbook as a file."""
    file = BytesIO()
    book.save(file)
    return file


def label(entity: Entity, name: str) -> str:
    """The heading of a field."""
    return capfirst(str(entity.model._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def text(answer: Any) -> str:
    """The body of an answer."""
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


def snapshot(record: Record) -> Any:
    """All columns of a record and the length of its history."""
    model = type(record)
    return model._base_manager.filter(pk=record.pk).values().get(), len(history(record))


def history(record: Record) -> list[Change]:
    """A record's change history, oldest first."""
    rows = Change.objects.filter(content_type__model=record._meta.model_name, object_id=record.pk)
    return list(rows.order_by("pk"))
