"""What a page costs to load: bytes, requests, nodes and jumps, for a browser that has seen nothing yet."""

import gzip
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Response

from crm.kernel.dates import now
from crm.record import write
from crm.testing.browser import DESKTOP, PHONE, Device
from crm.testing.people import People
from customers import pool
from customers.models import Customer, CustomerFollowUp
from tests.customers import make
from tests.journeys.budget import BUDGET, overruns
from tests.journeys.conftest import Visit

LIST = "/customers/customer/"
SHIFTS = """new PerformanceObserver((list) => {
  const shifts = list.getEntries().filter((entry) => !entry.hadRecentInput);
  window.shifted = shifts.reduce((sum, entry) => sum + entry.value, window.shifted ?? 0);
}).observe({type: "layout-shift", buffered: true});"""


@pytest.fixture
def customer(people: People) -> Customer:
    """The newest of a full page of customers, with a past."""
    options = {
        name: make.option(f"customers.{name}", label, colour="primary")
        for name, label in (
            ("kind", "意向客户"),
            ("status", "初步沟通"),
            ("source", "展会"),
            ("industry", "软件和信息技术"),
        )
    }
    made = [
        Customer(
            name=f"上海华信第{n}科技有限公司", phone=f"021-5888{n:04}", customer_class="A", region="上海", **options
        )
        for n in range(60)
    ]
    for one in made:
        pool.give(one, people.alice)
    write.insert(made, people.alice)
    newest = made[-1]
    for name in ("陈静", "方雨桐", "郑雪梅"):
        make.contact(newest, people.alice, name, mobile="13812345678", email="chen@example.com", title="采购经理")
    past = [
        CustomerFollowUp(
            customer=one, owner=people.alice, at=now() - timedelta(days=n), content=f"第 {n} 次电话沟通了报价和交货时间"
        )
        for n, one in enumerate([*made, *[newest] * 20])
    ]
    write.insert(past, people.alice)
    return newest


def test_pages_stay_within_their_budgets(visit: Visit, people: People, customer: Customer) -> None:
    def measured(path: str, device: Device = DESKTOP) -> tuple[dict[str, float], float]:
        page = visit(people.alice, device)
        page.add_init_script(SHIFTS)
        return load(page, path), sum(size(answer) for answer in visited(page, path)) / 1024

    found = {
        "list": measured(LIST),
        "list on a phone": measured(LIST, PHONE),
        "record": measured(f"{LIST}{customer.pk}/"),
        "form": measured(f"{LIST}new/"),
    }
    cold = {name: values for name, (values, _warm) in found.items()}
    warm = {name: {"warm_kb": round(kilobytes, 1)} for name, (_values, kilobytes) in found.items()}
    limits = {name: {"warm_kb": limit} for name, limit in BUDGET["warm_kb"].items()}
    broken = [overruns("First visit", BUDGET["pages"], cold), overruns("Next visit", limits, warm)]
    assert broken == ["", ""]


def load(page: Page, path: str) -> dict[str, float]:
    """Go there and give what it took."""
    answers = visited(page, path)
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(300)

    def zipped(kind: str) -> float:
        return round(sum(len(gzip.compress(a.body())) for a in answers if a.request.resource_type == kind) / 1024, 1)

    return {
        "transferred_kb": round(sum(size(answer) for answer in answers) / 1024, 1),
        "js_kb": zipped("script"),
        "css_kb": zipped("stylesheet"),
        "html_kb": zipped("document"),
        "requests": len(answers),
        "dom_nodes": page.evaluate("document.querySelectorAll('*').length"),
        "cls": round(page.evaluate("window.shifted ?? 0"), 4),
    }


def visited(page: Page, path: str) -> list[Response]:
    """Every answer until the page is quiet."""
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    page.on("response", keep)
    page.goto(path, wait_until="networkidle")
    page.locator("#bell-state:not([hx-trigger*=load])").wait_for(state="attached")
    page.wait_for_timeout(300)
    page.remove_listener("response", keep)
    return [answer for answer in answers if not answer.url.startswith("data:")]


def size(answer: Response) -> int:
    """Bytes of an answer on the wire; none when it came from the browser's cache."""
    sizes = answer.request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]
