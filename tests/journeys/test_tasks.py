"""What everyday tasks cost in interactions (I), in keys without a mouse (K), and in page loads (L)."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from crm.org.models import User
from crm.testing.browser import DESKTOP, Recorder
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make
from tests.journeys.budget import BUDGET, overruns
from tests.journeys.conftest import Visit

LIST, POOL = "/customers/customer/", "/customers/pool/"
Task = Callable[[Page, Recorder], None]


@dataclass
class Bench:
    """Runs tasks twice, with the mouse and without, and keeps what each took."""

    visit: Visit
    measured: dict[str, dict[str, float]] = field(default_factory=dict)

    def run(self, name: str, user: User, path: str, mouse: Task, keys: Task, prepare: Callable[[], None]) -> None:
        """Measure one task; each way begins on a fresh page of `path`, after `prepare` has made the data."""
        taken = []
        for way in (mouse, keys):
            prepare()
            page = self.visit(user, DESKTOP)
            recorder = Recorder(page)
            page.goto(path)
            expect(page.locator("#bell-state[data-newest]")).to_be_attached()
            recorder.start()
            way(page, recorder)
            taken.append(recorder.counts())
            page.context.close()
        (pressed, _keys, loads), (_pressed, typed, _loads) = taken
        self.measured[name] = {"I": pressed, "K": typed, "L": loads}


@pytest.fixture
def bench(visit: Visit) -> Bench:
    return Bench(visit)


def test_tasks_stay_within_their_limits(bench: Bench, people: People) -> None:
    make.option("customers.follow_up_method", "电话")
    make.customer(people.alice, name="宁波舜拓饮品股份有限公司", phone="0574-55507747")
    customer = make.customer(people.alice, name="上海华信科技有限公司", phone="021-58881234")
    finding(bench, people)
    logging_a_call(bench, people, customer)
    creating(bench, people)
    claiming(bench, people)
    applying(bench, people)
    assigning(bench, people)
    assert overruns("Task", BUDGET["tasks"], bench.measured, BUDGET["tasks_above"]) == ""


def logging_a_call(bench: Bench, people: People, customer: Customer) -> None:
    row = f"tr[data-pk='{customer.pk}']"

    def log(page: Page, recorder: Recorder) -> None:
        page.locator(row).focus()  # one works through the list, so the focus is here already
        page.keyboard.press("l")
        expect(page.get_by_label("跟进内容")).to_be_focused()
        page.keyboard.type("电话里约好周五见面")
        page.keyboard.press("Control+Enter")
        expect(page.locator("c-toast")).to_contain_text("已保存")
        expect(page.locator(row)).to_contain_text("电话里约好周五见面")
        assert [one.method and one.method.label for one in customer.follow_ups.all()] == ["电话"]

    bench.run("T1 log a call from its row", people.alice, LIST, log, log, lambda: customer.follow_ups.all().delete())


def finding(bench: Bench, people: People) -> None:
    def find(words: str, slash: bool) -> Task:
        def way(page: Page, recorder: Recorder) -> None:
            page.keyboard.press("/") if slash else page.locator("#words").click()
            page.keyboard.type(words)
            expect(page.locator("tbody tr")).to_have_count(1)
            expect(page.locator("tbody a.open")).to_have_text("上海华信科技有限公司")

        return way

    for name, words in (("T2 find by initials in the list", "shhx"), ("T3 find by the end of a phone number", "1234")):
        bench.run(name, people.alice, LIST, find(words, False), find(words, True), lambda: None)


def creating(bench: Bench, people: People) -> None:
    def create(by_mouse: bool) -> Task:
        def way(page: Page, recorder: Recorder) -> None:
            page.locator("#main .page-head .btn-primary").click() if by_mouse else page.keyboard.press("n")
            expect(page.get_by_label("客户名称")).to_be_focused()
            page.keyboard.type("上海华信科技")
            page.keyboard.press("Tab")
            page.keyboard.type("13812345678")
            expect(page.locator("#duplicates")).to_contain_text("上海华信科技有限公司")
            page.locator("#drawer .save-bar .btn-primary").click() if by_mouse else page.keyboard.press("Control+Enter")
            expect(page.locator("tbody")).to_contain_text("13812345678")

        return way

    def clear() -> None:
        Customer.objects.filter(name="上海华信科技").delete()

    bench.run("T4 create, with the duplicate hint", people.alice, LIST, create(True), create(False), clear)
    clear()


def claiming(bench: Bench, people: People) -> None:
    def mouse(page: Page, recorder: Recorder) -> None:
        page.locator("tbody tr").first.get_by_role("button", name="获取", exact=True).click()
        expect(page.locator("c-toast")).to_contain_text("已获取")

    def keys(page: Page, recorder: Recorder) -> None:
        page.keyboard.press("j")
        page.keyboard.press("c")
        expect(page.locator("c-toast")).to_contain_text("已获取")

    def prepare() -> None:
        make.customer(name="苏州园林建设有限公司")

    bench.run("T5 claim", people.alice, POOL, mouse, keys, prepare)

    def undo_mouse(page: Page, recorder: Recorder) -> None:
        mouse(page, recorder)
        page.locator("c-toast").get_by_role("button", name="撤销").click()
        expect(page.locator("c-toast")).to_contain_text("已撤销")

    def undo_keys(page: Page, recorder: Recorder) -> None:
        keys(page, recorder)
        page.keyboard.press("Control+z")
        expect(page.locator("c-toast")).to_contain_text("已撤销")

    bench.run("T5 claim, then undo", people.alice, POOL, undo_mouse, undo_keys, prepare)


def applying(bench: Bench, people: People) -> None:
    def mouse(page: Page, recorder: Recorder) -> None:
        page.locator("tbody tr").first.get_by_role("button", name="申请", exact=True).click()
        page.locator("#dialog .btn-primary").click()
        expect(page.locator("c-toast")).to_contain_text("申请已提交")

    def keys(page: Page, recorder: Recorder) -> None:
        page.keyboard.press("j")
        page.keyboard.press("a")
        expect(page.locator("#dialog textarea")).to_be_focused()
        page.keyboard.press("Control+Enter")
        expect(page.locator("c-toast")).to_contain_text("申请已提交")

    def accept_by_mouse(page: Page, recorder: Recorder) -> None:
        page.locator("#bell-open").click()
        page.locator("#drawer .message-acts").get_by_role("button", name="通过", exact=True).first.click()
        expect(page.locator("c-toast")).not_to_be_empty()

    def accept_by_keys(page: Page, recorder: Recorder) -> None:
        page.keyboard.press("m")
        expect(page.locator("#drawer .message-title").first).to_be_focused()
        tab_to(page, ".message-acts button")
        page.keyboard.press("Enter")
        expect(page.locator("c-toast")).not_to_be_empty()

    def prepare() -> None:
        make.customer(name="苏州园林建设有限公司")

    # Whoever may claim has no need to apply.
    for grant in people.seller.grants.filter(entity=Customer.key()):
        grant.actions = [action for action in grant.actions if action != "claim"]
        grant.save()
    bench.run("T7 apply", people.alice, POOL, mouse, keys, prepare)
    bench.run("T7 accept from the bell", people.carol, LIST, accept_by_mouse, accept_by_keys, lambda: None)


def assigning(bench: Bench, people: People) -> None:
    def mouse(page: Page, recorder: Recorder) -> None:
        boxes = page.locator("tbody input[type=checkbox]")
        boxes.first.click()
        boxes.nth(9).click(modifiers=["Shift"])
        page.locator("#bulk").get_by_role("button", name="分配").click()
        choose_person(page, "lina", "李娜")
        page.locator("#dialog .btn-primary").click()
        expect(page.locator("tbody tr")).to_have_count(2)

    def keys(page: Page, recorder: Recorder) -> None:
        page.keyboard.press("j")
        for _ in range(9):
            page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("b")
        tab_to(page, "#bulk button[hx-get*='do/assign']")
        page.keyboard.press("Enter")
        choose_person(page, "lina", "李娜")
        page.keyboard.press("Control+Enter")
        expect(page.locator("tbody tr")).to_have_count(2)

    def prepare() -> None:
        Customer.objects.filter(owner=None).delete()
        for n in range(12):
            make.customer(name=f"无锡第{n}精密机械有限公司")

    bench.run("T6 assign ten", people.carol, POOL, mouse, keys, prepare)


def choose_person(page: Page, typed: str, name: str) -> None:
    """Type into the search box that has the focus and take the first person found."""
    expect(page.locator("#dialog .ts-control input")).to_be_focused()
    page.keyboard.type(typed)
    expect(page.locator("#dialog .ts-dropdown .option.active")).to_have_text(name)
    page.keyboard.press("Enter")


def tab_to(page: Page, selector: str, *, most: int = 25) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")
