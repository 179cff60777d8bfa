"""Import and export of a large table against their floors.

    DATABASE_URL=… python -m tests.bench.exchange [rows]     on a database that holds the data set (or nothing)

The floor of the import is python-calamine reading the same file plus COPY of its rows into a bare
table; that of the export is the fastest writer writing the same rows. Both are measured before and
after the work, so that a machine which others use meanwhile slows them alike. The job runs in this
process as it does in a worker; memory is that of this process, the reader's child beside it.
Lines carry milliseconds (or MB) as `median`, like those of the pages.
"""

import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import django
import psutil

ROWS = 100_000
MB = 1024 * 1024
HEADER = (
    "客户名称", "简称", "统一社会信用代码", "客户种类", "客户分类", "跟进状态", "来源", "行业", "规模", "地区",
    "地址", "电话", "网址", "发票抬头", "税号", "开户行", "银行账号", "备注", "不导入一", "不导入二",
)  # fmt: skip
FIELDS = (
    "name", "short_name", "credit_code", "kind", "customer_class", "status", "source", "industry", "scale", "region",
    "address", "phone", "website", "invoice_title", "tax_number", "bank", "bank_account", "remarks",
)  # fmt: skip
WRONG, REPEATED = 100, 20  # every so many rows one with an error, one that repeats another


def main(rows: int) -> list[dict[str, Any]]:
    """Measure and print; the figures as a list of lines for the table of `make bench`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.xlsx"
        write_file(path, rows)
        lines = [*measure_import(path, rows), *measure_export(Path(folder))]
    for line in lines:
        print(json.dumps(line, ensure_ascii=False), flush=True)
    return lines


def table(rows: int) -> Iterator[tuple[Any, ...]]:
    """The same believable customers on every run."""
    from customers.defaults import load_options as load
    from customers.demo import names

    random = Random(7)
    labels = {key: list(options) for key, options in load().items()}
    known: list[str] = []
    for n in range(rows):
        city = random.choice(names.CITIES)
        industry = random.choice(tuple(names.INDUSTRIES))
        name = f"{city.short}导入{n:06d}{random.choice(names.INDUSTRIES[industry])}{random.choice(names.FORMS)}"
        if n % REPEATED == REPEATED - 1:
            name = random.choice(known[-5_000:])
        known.append(name)
        yield (
            name, f"{city.short}{n:06d}", "",
            *(random.choice(labels["customers.kind"]) if n % WRONG else "没有的种类", random.choice("ABCD")),
            *(random.choice(labels[f"customers.{key}"]) for key in ("status", "source", "industry", "scale")),
            city.region, names.address(random, city), names.landline(random, city), f"www.example{n}.com",
            name, f"9131{n:014d}", "招商银行", f"6225{n:012d}", f"第 {n} 行", n, f"x{n}",
        )  # fmt: skip


def write_file(path: Path, rows: int) -> None:
    """The workbook to import."""
    from crm.exchange.files.columns import Kind, column
    from crm.exchange.files.xlsx_writer import write_xlsx

    with path.open("wb") as target:
        write_xlsx(target, "客户", [column(label, Kind.MIXED) for label in HEADER], table(rows))


def floor_load(path: Path) -> None:
    """python-calamine and COPY, nothing else."""
    import python_calamine
    from django.db import connection

    columns = ", ".join(f"c{n} text" for n in range(len(HEADER)))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE bare ({columns})")
        with cursor.copy("COPY bare FROM STDIN") as copy:
            for row in python_calamine.load_workbook(str(path)).get_sheet_by_index(0).to_python():
                copy.write_row(row)
        cursor.execute("DROP TABLE bare")


def measure_import(path: Path, rows: int) -> list[dict[str, Any]]:
    """Upload with preview, then the job to its end."""
    from django.core.files import File

    from crm.exchange import importing
    from crm.exchange.resource import EntityResource
    from crm.jobs import run
    from crm.kernel import registry
    from crm.org.models import User

    by = User.objects.filter(username="boss").first() or _boss()
    entity = registry.get("customers.pool")

    def upload() -> Any:
        with path.open("rb") as file:
            batch = importing.upload(entity, by, File(file, str(path)), path.name)
        batch.mapping = {name: index for index, name in enumerate(FIELDS)}
        batch.save()
        importing.preview(batch, EntityResource(entity, by))
        return batch

    def job() -> Any:
        started = importing.start(batch, by)
        claimed = run.claim("bench")
        assert claimed is not None
        assert claimed.pk == started.pk
        while run.step(claimed):
            pass
        started.refresh_from_db()
        return started

    before, _ = timed(lambda: floor_load(path))
    with Memory() as memory:
        uploading, batch = timed(upload)
        writing, done = timed(job)
    after, _ = timed(lambda: floor_load(path))
    if done.state != "done":
        raise RuntimeError(f"the import ended as {done.state}: {done.error}")
    return [
        {"work": "import, upload and preview", "rows": rows, "median": uploading},
        against("import", uploading + writing, (before + after) / 2, 8) | {"rows": rows, "counts": done.counters},
        in_mb("import, memory in MB", memory.own, 300) | {"child": memory.child},
    ]


def measure_export(folder: Path) -> list[dict[str, Any]]:
    """All columns of as many customers as were imported."""
    from crm.exchange import exporting
    from crm.exchange.resource import EntityResource
    from crm.kernel import registry
    from crm.org.models import User

    by = User.objects.get(username="boss")
    entity = registry.get("customers.pool")
    columns = list(EntityResource(entity, by).exportable)[:20]

    def request() -> Any:
        return exporting.request(entity, by, query="", selection=None, columns=columns, format="xlsx")

    def export() -> int:
        with (folder / "export.xlsx").open("wb") as target:
            return exporting._write(request(), by, target)

    with Memory() as memory:
        first, count = timed(export)
    floor = floor_save(folder, folder / "export.xlsx")
    second, _ = timed(export)
    return [
        against("export", (first + second) / 2, floor, 2) | {"rows": count},
        in_mb("export, memory in MB", memory.own, 200),
    ]


def against(work: str, milliseconds: float, floor: float, limit: float) -> dict[str, Any]:
    """A line for work that may take so many times as long as its floor."""
    ratio = round(milliseconds / floor, 2)
    return {
        "work": work, "median": round(milliseconds), "floor": round(floor), "ratio": ratio, "limit": limit,
        "ok": ratio <= limit,
    }  # fmt: skip


def in_mb(work: str, used: int, limit: int) -> dict[str, Any]:
    """A line for the memory that work may take."""
    return {"work": work, "median": used, "limit": limit, "ok": used <= limit}


def floor_save(folder: Path, exported: Path) -> float:
    """The fastest writer that there is for the rows of an export: our own, or rustpy-xlsxwriter where installed."""
    import python_calamine

    from crm.exchange.files.columns import Kind, column
    from crm.exchange.files.xlsx_writer import write_xlsx

    head, *rows = python_calamine.load_workbook(str(exported)).get_sheet_by_index(0).to_python()
    kinds = [
        Kind.MIXED if any(not isinstance(row[n], str) for row in rows[:1000]) else Kind.TEXT for n in range(len(head))
    ]

    def own() -> None:
        with (folder / "floor.xlsx").open("wb") as target:
            write_xlsx(
                target, "客户", [column(str(label), kind) for label, kind in zip(head, kinds, strict=True)], rows
            )

    seconds = [timed(own)[0]]
    try:
        import rustpy_xlsxwriter
    except ImportError:
        return seconds[0]

    def rust() -> None:
        records = (dict(zip(head, row, strict=True)) for row in rows)
        rustpy_xlsxwriter.write_worksheet(records, str(folder / "rust.xlsx"))

    return min(*seconds, timed(rust)[0])


class Memory:
    """The most memory that this process and the reader's child use meanwhile, in MB."""

    def __enter__(self) -> "Memory":
        self.own = 0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._watch.join()

    @property
    def child(self) -> int:
        """The largest child that has ended."""
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024

    def _look(self) -> None:
        process = psutil.Process()
        while not self._over.wait(0.05):
            self.own = max(self.own, process.memory_info().rss // MB)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds, and what the work gave."""
    started = time.monotonic()
    result = work()
    return round((time.monotonic() - started) * 1000, 1), result


def _boss() -> Any:
    from crm.testing.people import make_people

    root = make_people().root
    root.username = "boss"
    root.save()
    return root


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
