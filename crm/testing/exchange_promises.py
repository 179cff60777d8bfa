"""What every exchanged entity promises after an import: its records listed, failed rows mended, all of it undone."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

from crm.exchange.models import Import, OnDuplicate
from crm.jobs.run import work

if TYPE_CHECKING:
    from crm.testing.contract import World

MARK = "导入7f3a"


def an_import_is_listed_and_taken_back(world: "World") -> None:
    """Its records alone are listed, for whoever imported; taking it back leaves none of them."""
    from crm.testing.contract import imported, outcome, sentences, text

    alice, entity = world.people.alice, world.entity
    if entity.exchange is None:
        return
    other = world.make(alice)
    batch = imported(world, alice, rows(world, f"{MARK}一", f"{MARK}二"), on_duplicate=OnDuplicate.SKIP)
    assert outcome(batch) == {"created": 2}, sentences(batch)
    made = set(batch.rows.values_list("record_id", flat=True))
    shown = text(world.get(alice, entity.url(), **{"import": str(batch.pk)}))
    assert all(f'data-pk="{pk}"' in shown for pk in made) and f'data-pk="{other.pk}"' not in shown
    hidden = text(world.get(world.people.charlie, entity.url(), **{"import": str(batch.pk)}))
    assert not any(f'data-pk="{pk}"' in hidden for pk in made)
    address = f"{entity.url(f'import/{batch.pk}')}undo/"
    assert world.as_(world.people.charlie).post(address).status_code in (403, 404)
    assert world.as_(alice).post(address).status_code == 302
    work("contract")
    assert outcome(batch) == {"undone": 2}, sentences(batch)
    assert not entity.model.objects.alive().filter(pk__in=made).exists()
    assert entity.model.objects.alive().filter(pk=other.pk).exists()


def failed_rows_are_mended_in_place(world: "World") -> None:
    """A row that failed shows its reason at the cell, takes what is typed, and is imported alone."""
    from crm.testing.contract import imported, outcome, sentences, text

    alice, entity = world.people.alice, world.entity
    if entity.exchange is None:
        return
    batch = imported(world, alice, rows(world, f"{MARK}一", None), on_duplicate=OnDuplicate.SKIP)
    assert outcome(batch) == {"created": 1, "failed": 1}, sentences(batch)
    number = batch.rows.get(state="failed").number
    cell, address = f"cell:{number}:{world.name}", f"{entity.url(f'import/{batch.pk}')}fix/"
    page = text(world.get(alice, address))
    assert f'name="{cell}"' in page and f'id="why-{number}-{world.name}"' in page
    client = world.as_(alice)
    assert client.post(address, {cell: "", "do": "retry"}).status_code == 422
    assert world.as_(world.people.charlie).post(address, {cell: "x"}).status_code in (403, 404)
    assert client.post(address, {cell: f"{MARK}二", "do": "retry"}).status_code == 302
    work("contract")
    assert outcome(batch) == {"created": 2}, sentences(batch)
    done = Import.objects.get(pk=batch.pk)
    assert done.job is not None and done.job.total == 1


def rows(world: "World", *names: str | None) -> BytesIO:
    """A table of new records like one that exists, with these names."""
    from crm.testing.contract import exported, label, saved_book

    world.make(world.people.alice)
    book = load_workbook(exported(world, world.people.alice))
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    like: list[Any] = [
        None if head == label(world.entity, "number") else cell.value
        for head, cell in zip(heads, sheet[2], strict=True)
    ]
    sheet.delete_rows(2, sheet.max_row)
    for name in names:
        like[heads.index(label(world.entity, world.name))] = name
        sheet.append(like)
    return saved_book(book)


PROMISES = [an_import_is_listed_and_taken_back, failed_rows_are_mended_in_place]
