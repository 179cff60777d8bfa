"""Nothing that was typed is lost, and nothing is saved twice."""

from playwright.sync_api import Dialog, Page, expect

from crm.testing.browser import DESKTOP, Watch
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make
from tests.journeys.conftest import Visit

LIST = "/customers/customer/"


def drafts(page: Page) -> list[str]:
    """What the browser keeps of forms."""
    return page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:'))")  # type: ignore[no-any-return]


def test_two_editors_choose_between_their_values(visit: Visit, people: People, watch: Watch) -> None:
    customer = make.customer(people.alice, name="上海华信科技有限公司", region="上海")
    address = f"{LIST}{customer.pk}/edit/"
    alice, carol = visit(people.alice, DESKTOP, address), visit(people.carol, DESKTOP, address)
    alice.get_by_label("地区").fill("上海市浦东新区")
    alice.get_by_role("button", name="保存", exact=True).click()
    expect(alice.locator("c-toast")).to_contain_text("已保存")

    watch.allow(409)
    carol.get_by_label("地区").fill("上海市黄浦区")
    carol.get_by_label("简称").fill("华信")
    carol.get_by_role("button", name="保存", exact=True).click()
    differences = carol.get_by_role("group", name="差异")
    expect(differences).to_contain_text("上海市浦东新区")
    expect(differences).to_contain_text("上海市黄浦区")
    expect(carol.get_by_role("alert")).to_contain_text("李娜")
    expect(carol.get_by_label("简称")).to_have_value("华信")
    differences.get_by_label("上海市浦东新区").check()
    carol.get_by_role("button", name="保存", exact=True).click()
    expect(carol.get_by_role("heading", level=1)).to_have_text(customer.name)
    customer.refresh_from_db()
    assert (customer.region, customer.short_name) == ("上海市浦东新区", "华信")


def test_leaving_asks_about_unsaved_changes(visit: Visit, people: People) -> None:
    page = visit(people.alice, DESKTOP, LIST)
    page.keyboard.press("n")
    name = page.get_by_label("客户名称")
    name.fill("宁波舜拓饮品")
    page.keyboard.press("Escape")
    question = page.locator("dialog.leave")
    expect(question).to_contain_text("有未保存的修改")
    question.get_by_role("button", name="继续编辑").click()
    expect(name).to_have_value("宁波舜拓饮品")
    page.keyboard.press("Escape")
    question.get_by_role("button", name="离开").click()
    expect(page.locator("#drawer")).to_be_hidden()

    page.goto(f"{LIST}new/")
    name.fill("宁波舜拓饮品")
    page.locator("#main").get_by_role("link", name="取消").click()
    question.get_by_role("button", name="继续编辑").click()
    expect(name).to_have_value("宁波舜拓饮品")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.evaluate("location.reload()")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"], "closing the tab asks in the browser's words"
    page.remove_listener("dialog", stay)
    page.locator("#main").get_by_role("link", name="取消").click()
    question.get_by_role("button", name="离开").click()
    page.wait_for_url(f"**{LIST}")
    assert drafts(page) == [], "what one leaves is no draft"


def test_what_was_typed_comes_back_until_it_is_saved(visit: Visit, people: People) -> None:
    page = visit(people.alice, DESKTOP, f"{LIST}new/")
    page.get_by_label("客户名称").fill("宁波舜拓饮品")
    page.get_by_label("地区").fill("宁波")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(LIST)
    page.keyboard.press("n")
    drawer = page.locator("#drawer")
    drawer.get_by_role("button", name="恢复", exact=True).click()
    expect(drawer.get_by_label("客户名称")).to_have_value("宁波舜拓饮品")
    drawer.get_by_role("button", name="保存").click()
    expect(drawer).to_be_hidden()
    assert drafts(page) == []

    page.goto(f"{LIST}new/")
    expect(page.get_by_role("button", name="恢复", exact=True)).to_be_hidden()
    page.get_by_label("客户名称").fill("苏州园林建设")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("苏州园林建设")
    assert drafts(page) == []


def test_a_draft_waits_for_its_user_through_the_sign_in(visit: Visit, people: People, watch: Watch) -> None:
    watch.allow(401)
    page = visit(people.alice, DESKTOP, LIST)
    page.keyboard.press("n")
    page.locator("#drawer").get_by_label("客户名称").fill("宁波舜拓饮品")
    session = [cookie for cookie in page.context.cookies() if cookie["name"] == "sessionid"]
    page.context.clear_cookies(name="sessionid")
    page.locator("#drawer").get_by_role("button", name="保存").click()
    page.wait_for_url("**/sign-in/?next=*")
    page.context.add_cookies(session)  # type: ignore[arg-type]
    page.goto(f"{LIST}new/")
    page.get_by_role("button", name="恢复", exact=True).click()
    expect(page.get_by_label("客户名称")).to_have_value("宁波舜拓饮品")
    page.wait_for_timeout(500)
    page.on("dialog", lambda dialog: dialog.accept())
    page.evaluate("document.querySelector('form[action=\"/sign-out/\"]').requestSubmit()")
    page.wait_for_url("**/sign-in/**")
    assert drafts(page) == []


def test_a_refused_form_keeps_what_was_typed(visit: Visit, people: People, watch: Watch) -> None:
    make.option("customers.source", "展会")
    watch.allow(422)
    page = visit(people.alice, DESKTOP, LIST)
    page.keyboard.press("n")
    drawer = page.locator("#drawer")
    drawer.get_by_label("客户名称").fill("宁波舜拓饮品")
    drawer.get_by_label("电话").fill("不知道")
    drawer.get_by_label("来源").select_option(label="展会")
    drawer.get_by_role("button", name="保存").click()
    expect(drawer.get_by_role("alert")).to_be_focused()
    expect(drawer.get_by_role("alert")).to_contain_text("1 项需要修改")
    expect(drawer.get_by_label("客户名称")).to_have_value("宁波舜拓饮品")
    phone = drawer.get_by_label("电话")
    expect(phone).to_have_value("不知道")
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(drawer.get_by_label("来源").locator("option:checked")).to_have_text("展会")
    phone.fill("0574-55507747")
    page.keyboard.press("Control+Enter")
    expect(drawer).to_be_hidden()
    assert Customer.objects.get().phone == "0574-55507747"


def test_a_double_click_on_save_creates_one(visit: Visit, people: People) -> None:
    page = visit(people.alice, DESKTOP, f"{LIST}new/")
    page.get_by_label("客户名称").fill("宁波舜拓饮品")

    page.get_by_role("button", name="保存", exact=True).dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("宁波舜拓饮品")
    assert Customer.objects.count() == 1

    page.goto(LIST)
    page.keyboard.press("n")
    page.locator("#drawer").get_by_label("客户名称").fill("上海华信科技")
    page.locator("#drawer").get_by_role("button", name="保存").dblclick()
    expect(page.locator("#drawer")).to_be_hidden()
    expect(page.get_by_role("link", name="上海华信科技")).to_be_visible()
    assert Customer.objects.count() == 2


def test_a_likely_duplicate_is_named_before_saving(visit: Visit, people: People) -> None:
    make.customer(people.bob, name="上海华信科技有限公司", phone="021-58881234")
    page = visit(people.alice, DESKTOP, LIST)
    page.keyboard.press("n")
    page.get_by_label("客户名称").fill("上海华信科技")
    expect(page.locator("#duplicates")).to_contain_text("张伟")
