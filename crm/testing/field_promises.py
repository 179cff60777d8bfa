"""What every entity promises about fields: the company's own take part everywhere, narrowed ones nowhere else."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from crm.entity.catalogue import catalogue
from crm.entity.forms import form_class
from crm.exchange.resource import EntityResource
from crm.fields.models import CustomKind, FieldRule, Level
from crm.testing.api_promises import Program, record_path
from crm.testing.custom import define, text_of, value_of
from crm.testing.factory import as_typed, build

if TYPE_CHECKING:
    from crm.testing.contract import World

LIST_QUERIES, DETAIL_QUERIES, FORM_QUERIES = 12, 20, 20
MANY = 50
MARK = "机密7f3a"


def custom_fields_take_part_everywhere(world: "World") -> None:
    """A field of each kind: written by the form, shown in list and facts, filtered by, exported, in the history."""
    from crm.testing.contract import hidden, home, text

    alice, entity, main = world.people.alice, world.entity, home(world.entity)
    target = build(main, alice)
    made = [
        define(main, kind, listed=True, filterable=kind != CustomKind.LONG, target=main.key)
        for kind in CustomKind.values
    ]
    values = {field.name: value_of(field, alice, target) for field in made}
    shown = {field.name: text_of(field, alice, target) for field in made}
    record = world.make(alice)
    edit = main.url("edit", record.pk)
    form = text(world.get(alice, edit))
    assert all(f'name="{field.name}"' in form and field.label in form for field in made)
    typed = as_typed(main, {name: getattr(record, name) for name in main.fields}) | sent(values)
    answer = world.as_(alice).post(edit, {**typed, **hidden(world.get(alice, edit))})
    assert answer.status_code == 302, text(answer)
    facts = text(world.get(alice, main.url("detail", record.pk)))
    history = text(world.get(alice, main.url("detail", record.pk), tab="changes"))
    table = text(world.get(alice, entity.url()))
    for field in made:
        assert field.label in facts and shown[field.name] in facts, field.kind
        assert field.label in history and shown[field.name] in history, field.kind
        assert field.label in table and shown[field.name] in table, field.kind
    for field in made:
        if field.filterable:
            found = text(world.get(alice, entity.url(), **filtered(field.kind, field.name, sent(values)[field.name])))
            assert f'data-pk="{record.pk}"' in found and f'data-pk="{target.pk}"' not in found, field.kind
    if entity.exchange:
        heads = header(world, [field.name for field in made])
        assert {field.label for field in made} <= set(heads)


def many_custom_fields_cost_no_more_queries(world: "World") -> None:
    """With fifty of them list, page and form stay within their budgets."""
    from crm.testing.contract import home

    alice, main = world.people.alice, home(world.entity)
    kinds = [kind for kind in CustomKind.values if kind != CustomKind.REFERENCE]
    made = [define(main, kinds[n % len(kinds)], label=f"自定义{n}", listed=True) for n in range(MANY)]
    for _n in range(3):
        record = world.make(alice)
        for field in made:
            catalogue(main, alice).fields[field.name].assign(record, value_of(field, alice))
        type(record)._base_manager.filter(pk=record.pk).update(custom=record.custom)
    pages = {
        world.entity.url(): LIST_QUERIES,
        main.url("detail", record.pk): DETAIL_QUERIES,
        main.url("edit", record.pk): FORM_QUERIES,
    }
    for path, most in pages.items():
        world.get(alice, path)  # fills the caches
        with CaptureQueriesContext(connection) as queries:
            assert world.get(alice, path).status_code == 200
        assert len(queries) <= most, (path, len(queries))


def a_hidden_field_is_nowhere(world: "World") -> None:
    """Not in list, page, form, history, filter, export, import or the API."""
    from crm.testing.contract import editable_text, hidden, home, text

    alice, entity, main = world.people.alice, world.entity, home(world.entity)
    name = editable_text(main)
    record = world.make(alice, **{name: MARK})
    key = main.model.key()
    for role in alice.roles.all():
        FieldRule.objects.create(role=role, entity=key, field=name, level=Level.HIDDEN)
    assert catalogue(entity, alice).get(name) is None
    for path in (entity.url(), main.url("detail", record.pk), main.url("edit", record.pk), entity.url("new")):
        page = text(world.get(alice, path))
        assert MARK not in page and f'name="{name}"' not in page, path
    assert MARK not in text(world.get(alice, main.url("detail", record.pk), tab="changes"))
    unfiltered = text(world.get(alice, entity.url())).count("<tr data-pk")
    assert text(world.get(alice, entity.url(), **{name: "nothing has this"})).count("<tr data-pk") == unfiltered
    edit = main.url("edit", record.pk)
    typed = as_typed(main, {each: getattr(record, each) for each in main.fields})
    world.as_(alice).post(edit, {**typed, **hidden(world.get(alice, edit)), name: "geschrieben"})
    assert getattr(entity.model._base_manager.get(pk=record.pk), name) == MARK
    answer = Program(alice).get(record_path(main, record))
    assert answer.status_code == 200 and name not in answer.json() and MARK not in text(answer)
    if entity.exchange:
        resource = EntityResource(entity, alice)
        assert name not in resource.importable and name not in resource.exportable


def a_read_only_field_is_shown_and_not_written(world: "World") -> None:
    """By no door: form, import or API."""
    from crm.testing.contract import editable_text, hidden, home, text

    alice, entity, main = world.people.alice, world.entity, home(world.entity)
    name = editable_text(main)
    record = world.make(alice, **{name: MARK})
    for role in alice.roles.all():
        FieldRule.objects.create(role=role, entity=main.model.key(), field=name, level=Level.READ_ONLY)
    assert MARK in text(world.get(alice, main.url("detail", record.pk)))
    assert name not in form_class(main, alice, record).base_fields
    edit = main.url("edit", record.pk)
    typed = as_typed(main, {each: getattr(record, each) for each in main.fields})
    world.as_(alice).post(edit, {**typed, **hidden(world.get(alice, edit)), name: "geschrieben"})
    version = entity.model._base_manager.get(pk=record.pk).version
    answer = Program(alice).patch(record_path(main, record), {name: "geschrieben", "version": version})
    assert answer.status_code in (200, 400, 422), text(answer)
    assert getattr(entity.model._base_manager.get(pk=record.pk), name) == MARK
    if entity.exchange:
        assert name not in EntityResource(entity, alice).writable


PROMISES = [
    custom_fields_take_part_everywhere,
    many_custom_fields_cost_no_more_queries,
    a_hidden_field_is_nowhere,
    a_read_only_field_is_shown_and_not_written,
]


# -- what the promises are told with


def sent(values: dict[str, Any]) -> dict[str, Any]:
    """Values as a browser would send them."""
    typed: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, bool):
            typed[name] = "on"
        elif isinstance(value, list):
            typed[name] = [str(each) for each in value]
        elif hasattr(value, "hour"):
            typed[name] = text_of(_Kind(CustomKind.DATETIME), None)  # type: ignore[arg-type]
        else:
            typed[name] = str(getattr(value, "pk", value))
    return typed


def filtered(kind: str, name: str, value: Any) -> dict[str, Any]:
    """The parameters by which the filter bar asks for a value."""
    match kind:
        case CustomKind.NUMBER | CustomKind.MONEY:
            return {f"{name}_min": value, f"{name}_max": value}
        case CustomKind.DATE | CustomKind.DATETIME:
            return {f"{name}_after": str(value)[:10], f"{name}_before": str(value)[:10]}
        case CustomKind.BOOL:
            return {name: "true"}
    return {name: value}


def header(world: "World", columns: list[str]) -> list[str]:
    """The first row of an export of these columns."""
    client = world.as_(world.people.alice)
    asked = client.post(world.entity.url("export"), {"columns": columns, "format": "xlsx"})
    answer: Any = client.get(asked.headers["Location"])
    sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).worksheets[0]
    return [str(cell.value) for cell in next(iter(sheet.rows))]


class _Kind:
    """Stands in for a field where only its kind matters."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
