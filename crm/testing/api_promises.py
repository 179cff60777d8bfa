"""What every entity promises over the API; `crm.testing.contract` runs them with the others."""

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook, load_workbook

from crm.api import tokens
from crm.api.models import Reach
from crm.api.records import input_fields, needed_fields, new_form, sortable
from crm.entity.declare import Entity
from crm.entity.query import ListQuery
from crm.exchange.resource import EntityResource
from crm.jobs.run import work
from crm.kernel import registry
from crm.org.models import Scope, User
from crm.record.history import changes_of
from crm.record.models import Record
from crm.testing.factory import build, fill
from crm.testing.people import grant

if TYPE_CHECKING:
    from crm.testing.contract import World

LIST_QUERIES = 12
DETAIL_QUERIES = 8
WRITE_QUERIES = 30
MARK = "机密7f3a"


class Program:
    """A program that calls the API with a user's token."""

    def __init__(self, user: User, reach: str = Reach.WRITE.value) -> None:
        self.key = tokens.issue(user, f"test {uuid4()}", reach, 1)[1]
        self.client = Client(headers={"Authorization": f"Bearer {self.key}"})

    def get(self, path: str, **params: Any) -> Any:
        """Read."""
        return self.client.get(path, params)

    def post(self, path: str, body: Any = None, key: str = "") -> Any:
        """Send JSON; `key` is an Idempotency-Key."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(path, json.dumps(body or {}), content_type="application/json", headers=headers)

    def patch(self, path: str, body: Any) -> Any:
        """Change."""
        return self.client.patch(path, json.dumps(body), content_type="application/json")

    def delete(self, path: str) -> Any:
        """Delete."""
        return self.client.delete(path)


def the_api_needs_a_token(world: "World") -> None:
    """Neither strangers nor signed-in browsers get anything from the API."""
    record = world.make(world.people.alice, **{world.name: MARK})
    for client in (Client(), world.as_(world.people.alice)):
        for method, path in calls(world.entity, record):
            answer = getattr(client, method)(path)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert MARK not in answer.content.decode()


def the_api_is_closed_without_the_right(world: "World") -> None:
    """A role without any grant on the entity: 403 or 404 everywhere, and nothing changes."""
    record = world.make(world.people.alice)
    grant(world.people.seller, world.entity.model.key(), set(), Scope.ALL)
    before, program = snapshot(record), Program(world.people.alice)
    for method, path in calls(world.entity, record):
        answer = getattr(program.client, method)(path, content_type="application/json")
        assert answer.status_code in (403, 404), (method, path, answer.content)
    assert snapshot(record) == before


def a_reading_token_changes_nothing(world: "World") -> None:
    """What a token may not, its user's rights do not make up for."""
    record = world.make(world.people.alice)
    before, program = snapshot(record), Program(world.people.alice, Reach.READ.value)
    for method, path in calls(world.entity, record):
        if method != "get":
            assert getattr(program.client, method)(path, content_type="application/json").status_code == 403, path
    assert program.get(record_path(world.entity, record)).status_code == 200
    assert snapshot(record) == before


def the_api_hides_what_is_out_of_scope(world: "World") -> None:
    """Somebody else's record: absent from the list, 404 at every address, unchanged."""
    record = world.make(world.people.alice, **{world.name: MARK})
    if world.entity.part == "pool":
        return
    before, program = snapshot(record), Program(world.people.charlie)
    for params in ({}, {"q": MARK[:2]}):
        assert MARK not in program.get(list_path(world.entity), **params).content.decode()
    for method, path in calls(home(world.entity), record):
        if str(record.pk) in path:
            body = {"version": record.version}
            sent = json.dumps(body if method == "patch" else {})
            answer = getattr(program.client, method)(
                path, sent if method != "get" else None, content_type="application/json"
            )
            # An action with inputs that are asked for may say so first: it says nothing of the record.
            assert answer.status_code == 404 or (answer.status_code == 422 and "/do/" in path), (method, path)
    assert snapshot(record) == before


def the_api_lists_what_the_page_lists(world: "World") -> None:
    """The same rows in the same order, by any order and words; the cost does not grow with the rows."""
    alice, entity = world.people.alice, world.entity
    made = [world.make(alice) for _ in range(3)]
    program = Program(alice)
    for params in ({}, *({"sort": f"{sign}{path}"} for path in sortable(entity, alice) for sign in ("", "-"))):
        page = program.get(list_path(entity), **params)
        assert page.status_code == 200, page.content
        shown = [row["id"] for row in page.json()["results"]]
        asked = QueryDict(mutable=True)
        asked.update(params)
        assert shown == [row.pk for row in ListQuery(entity, asked, alice).rows], params
        assert {record.pk for record in made} <= set(shown)
    assert program.get(list_path(entity), size=1).json()["has_next"] is True
    costs = []
    for count in (0, 15):
        for _ in range(count):
            world.make(alice)
        with CaptureQueriesContext(connection) as queries:
            assert program.get(list_path(entity)).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= LIST_QUERIES, costs


def the_api_refuses_unknown_parameters(world: "World") -> None:
    """No lookup of the ORM is reachable, and a misspelt filter is not taken for none."""
    program = Program(world.people.alice)
    for name in ("owner__password__startswith", "id__gt", "_connector", "deleted_at__isnull", "nonsense"):
        assert program.get(list_path(world.entity), **{name: "1"}).status_code == 422, name
    for name, value in {"size": 201, "page": 0, "sort": "search"}.items():
        answer = program.get(list_path(world.entity), **{name: value})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [name])


def the_api_creates_once_with_history(world: "World") -> None:
    """What is sent arrives, once for each key; what the form does not ask for is refused."""
    alice, entity, program = world.people.alice, world.entity, Program(world.people.alice)
    sent, key = new_body(entity, alice), str(uuid4())
    stolen = program.post(list_path(entity), {**sent, "owner": world.people.charlie.pk, "created_by": 1})
    assert stolen.status_code == 422 and "created_by" in stolen.json()["errors"]
    first = program.post(list_path(entity), sent, key)
    assert first.status_code == 201, first.content.decode()
    body = first.json()
    record: Any = entity.model._base_manager.get(pk=body["id"])
    assert (record.created_by, record.version) == (alice, 1) and record.owner in (alice, None)
    assert first.headers["Location"] == record_path(entity, record)
    assert [change.action for change in changes_of(record)] == ["create"]
    assert body[world.name] == sent[world.name]
    again = program.post(list_path(entity), sent, key)
    assert (again.status_code, again.json()["id"], again.headers["Idempotent-Replayed"]) == (201, record.pk, "true")
    assert program.post(list_path(entity), {**sent, world.name: "Ganz anders"}, key).status_code == 422
    assert entity.model._base_manager.latest("pk") == record


def the_api_tells_what_is_wrong_with_each_field(world: "World") -> None:
    """Bad input is a 422 with a sentence at its field, and nothing is written."""
    entity, program = world.entity, Program(world.people.alice)
    sent = new_body(entity, world.people.alice)
    count = entity.model._base_manager.count()
    needed = sorted(needed_fields(new_form(entity, world.people.alice)))
    bad: dict[str, Any] = dict.fromkeys(needed[:1], "") | {"nonsense": 1}
    for name, value in bad.items():
        answer = program.post(list_path(entity), {**sent, name: value})
        assert answer.status_code == 422, (name, answer.content)
        assert answer.json()["errors"][name][0], name
    for name in input_fields(new_form(entity, world.people.alice)):
        answer = program.post(list_path(entity), {**sent, name: {"a": 1}})
        assert answer.status_code == 422 and name in answer.json()["errors"], name
    for raw in ("[1]", "{", '{"a": NaN}', "[" * 5000):
        answer = program.client.post(list_path(entity), raw, content_type="application/json")
        assert answer.status_code == 400, raw[:20]
    assert entity.model._base_manager.count() == count


def the_api_changes_what_has_not_changed_meanwhile(world: "World") -> None:
    """A change names the version it was made over; an old one is refused, a good one is in the history."""
    alice, entity = world.people.alice, home(world.entity)
    record, program = build(entity, alice), Program(alice)
    name, path = "remarks", record_path(entity, record)
    assert program.patch(path, {name: "x"}).status_code == 422
    first = program.patch(path, {name: "先改的", "version": record.version})
    assert (first.status_code, first.json()[name], first.json()["version"]) == (200, "先改的", record.version + 1)
    assert changes_of(record)[0].fields[name][1] == "先改的"
    late = program.patch(path, {name: "后改的", "version": record.version})
    assert late.status_code == 409 and late.json()["detail"]
    assert program.get(path).json()[name] == "先改的"
    with CaptureQueriesContext(connection) as queries:
        assert program.patch(path, {name: "再改", "version": record.version + 1}).status_code == 200
    assert len(queries) <= WRITE_QUERIES, len(queries)


def the_api_shows_one_record_and_deletes_it(world: "World") -> None:
    """Within its budget; deleted, it is gone."""
    alice, entity = world.people.alice, home(world.entity)
    record, program = build(entity, alice), Program(alice)
    program.get(record_path(entity, record))
    with CaptureQueriesContext(connection) as queries:
        answer = program.get(record_path(entity, record))
    assert answer.status_code == 200 and len(queries) <= DETAIL_QUERIES, len(queries)
    assert answer.json()["number"] == record.number
    assert program.delete(record_path(entity, record)).status_code == 204
    assert program.get(record_path(entity, record)).status_code == 404
    assert changes_of(record)[0].action == "delete"
    assert program.delete(record_path(entity, record)).status_code == 404


def the_api_keeps_files_of_records(world: "World") -> None:
    """A file goes in, comes out the same, and follows its record's visibility."""
    alice, entity = world.people.alice, home(world.entity)
    record, program = build(entity, alice), Program(alice)
    path = f"{record_path(entity, record)}attachments/"
    sent = program.client.post(path, {"file": SimpleUploadedFile("合同.txt", b"hello")})
    assert sent.status_code == 201, sent.content
    assert [file["name"] for file in program.get(path).json()["results"]] == ["合同.txt"]
    fetched: Any = program.get(sent.json()["url"])
    assert b"".join(fetched.streaming_content) == b"hello"
    refused = program.client.post(path, {"file": SimpleUploadedFile("x.html", b"<script>")})
    assert refused.status_code == 422 and refused.json()["errors"]["file"]
    if world.entity.part != "pool":
        assert Program(world.people.charlie).get(sent.json()["url"]).status_code == 404
    assert program.delete(sent.json()["url"]).status_code == 204
    assert program.get(path).json()["results"] == []


def the_api_exports_and_imports(world: "World") -> None:
    """A table comes out with one's own rows, and goes in as a job whose state can be read."""
    alice, entity = world.people.alice, world.entity
    if entity.exchange is None:
        return
    world.make(alice, **{world.name: MARK})
    program = Program(alice)
    asked = program.post(f"{list_path(entity)}export/", {"format": "xlsx"})
    assert asked.status_code == 201, asked.content
    file: Any = program.get(asked.json()["file"])
    sheet = load_workbook(BytesIO(b"".join(file.streaming_content))).worksheets[0]
    assert MARK in {cell.value for row in sheet.iter_rows() for cell in row}
    assert Program(world.people.bob).get(asked.json()["file"]).status_code == 404

    book = table_of_one(world)
    path, key = f"{list_path(entity)}import/", str(uuid4())
    first = program.client.post(path, {"file": book}, headers={"Idempotency-Key": key})
    assert first.status_code == 202, first.content.decode()
    book.seek(0)
    again = program.client.post(path, {"file": book}, headers={"Idempotency-Key": key})
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    work("contract")
    state = program.get(first.headers["Location"]).json()
    assert (state["job"]["state"], state["job"]["counters"].get("created")) == ("done", 1), state
    assert program.get(state["job"]["url"]).json()["state"] == "done"
    assert Program(world.people.bob).get(state["job"]["url"]).status_code == 404


PROMISES = [
    the_api_needs_a_token,
    the_api_is_closed_without_the_right,
    a_reading_token_changes_nothing,
    the_api_hides_what_is_out_of_scope,
    the_api_lists_what_the_page_lists,
    the_api_refuses_unknown_parameters,
    the_api_creates_once_with_history,
    the_api_tells_what_is_wrong_with_each_field,
    the_api_changes_what_has_not_changed_meanwhile,
    the_api_shows_one_record_and_deletes_it,
    the_api_keeps_files_of_records,
    the_api_exports_and_imports,
]


# -- what the promises are told with


def home(entity: Entity) -> Entity:
    """The entity that has the 360 page of the model."""
    found: Any = registry.for_model(entity.model)
    return found  # type: ignore[no-any-return]


def list_path(entity: Entity) -> str:
    """The address of a list."""
    return f"/api{entity.url()}"


def record_path(entity: Entity, record: Record) -> str:
    """The address of a record."""
    return f"/api{entity.url('detail', record.pk)}"


def calls(entity: Entity, record: Record) -> list[tuple[str, str]]:
    """Every call about an entity and one of its records, as (method, path)."""
    one, every = record_path(entity, record), list_path(entity)
    exchange = [("post", f"{every}import/"), ("post", f"{every}export/")] if entity.exchange else []
    return [
        ("get", every),
        ("post", every),
        *exchange,
        *((method, one) for method in ("get", "patch", "delete")),
        ("get", f"{one}attachments/"),
        ("post", f"{one}attachments/"),
        *(("post", f"{one}do/{action.name}/") for action in entity.actions),
    ]


def new_body(entity: Entity, by: User) -> dict[str, Any]:
    """A new record as a program sends it."""
    names = input_fields(new_form(entity, by))
    return {name: _sent(value) for name, value in fill(entity, by).items() if name in names}


def table_of_one(world: "World") -> BytesIO:
    """A workbook with the headings that the import knows and one new row."""
    resource = EntityResource(world.entity, world.people.alice)
    values = fill(world.entity, world.people.alice)
    named = [
        column for name, column in resource.importable.items() if name in values and name in resource.exchange.fields
    ]
    book = Workbook()
    sheet: Any = book.active
    sheet.append([column.label for column in named])
    sheet.append([_cell(values[column.name]) for column in named])
    file = BytesIO()
    book.save(file)
    file.name = "表.xlsx"
    file.seek(0)
    return file


def snapshot(record: Record) -> Any:
    """All columns of a record and the length of its history."""
    return type(record)._base_manager.filter(pk=record.pk).values().get(), changes_of(record).count()


def _sent(value: Any) -> Any:
    if hasattr(value, "pk"):
        return value.pk
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if isinstance(value, bool | int | str) else str(value)


def _cell(value: Any) -> Any:
    if hasattr(value, "pk"):
        return str(value)
    return value.astimezone().strftime("%Y-%m-%d %H:%M") if hasattr(value, "hour") else value
