"""A document with lines, declared on the spot: what quotes and orders will be."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models

from crm.entity.declare import Entity, Section, register
from crm.entity.lines import Lines
from crm.flow.action import action
from crm.kernel import registry
from crm.org.models import User
from crm.record import write
from crm.record.lines import PricedLine
from crm.record.models import Record, record_indexes
from crm.record.picklists import PicklistField


class Article(Record):
    """Something that is sold."""

    number_prefix = "CP"
    name = models.CharField("名称", max_length=60)

    class Meta:
        app_label = "tests"
        verbose_name = verbose_name_plural = "产品"
        indexes = record_indexes("article")


class Order(Record):
    """A document."""

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        SENT = "sent", "已发送"
        SIGNED = "signed", "已签约"

    number_prefix = "DD"
    state_field = "state"
    name = models.CharField("主题", max_length=60)
    terms = models.CharField("付款条件", max_length=60, blank=True, default="")
    signer = models.CharField("签约人", max_length=60, blank=True, default="", editable=False)
    state = models.CharField("状态", max_length=10, choices=State, default=State.DRAFT, editable=False)
    net = models.DecimalField("未税", max_digits=18, decimal_places=2, default=0, editable=False)
    total = models.DecimalField("合计", max_digits=18, decimal_places=2, default=0, editable=False)

    class Meta:
        app_label = "tests"
        verbose_name = verbose_name_plural = "订单"
        indexes = record_indexes("order")


class OrderLine(PricedLine):
    """A line of it."""

    parent_field = "order"
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", verbose_name="订单")
    product = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="+", verbose_name="产品")
    unit = PicklistField("单位", list="tests.unit", null=True, blank=True)

    class Meta:
        app_label = "tests"
        verbose_name = verbose_name_plural = "订单明细"
        indexes = record_indexes("orderline")


class SignForm(forms.Form):
    """What signing asks for."""

    signer = forms.CharField(label="签约人")

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)


@action("发送", perm="change", states={"draft"}, to="sent")
def send(order: Order, *, by: User) -> None:
    """It goes to the customer."""


@action("签约", perm="change", states={"sent"}, to="signed", form=SignForm)
def sign(order: Order, *, by: User, signer: str) -> None:
    """The customer agrees."""
    order.signer = signer


class ArticleEntity(Entity):
    model = Article
    menu, icon = "customers", "list"
    columns = ("name",)
    sections = (Section("基本信息", "name", "remarks"),)


class OrderEntity(Entity):
    model = Order
    menu, icon = "customers", "list"
    columns = ("name", "total", "owner", "created_at")
    sections = (Section("基本信息", "name", "terms", "remarks"),)
    figures = ("total",)
    remembered = ("terms",)
    actions = (send, sign)
    stages = ("draft", "sent", "signed")
    lines = Lines(
        OrderLine, "product", "unit", "quantity", "price", "discount", "tax_rate", "total", "remarks",
        sums={"net": "net", "total": "total"},
    )  # fmt: skip


MODELS = (Article, Order, OrderLine)
ORDERS: Any = Order.objects
LINES: Any = OrderLine.objects


@contextmanager
def declared(*, lasting: bool = False) -> Iterator[Entity]:
    """The tables and declarations while the block runs; `lasting` where the test commits."""
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    register(ArticleEntity)
    register(OrderEntity)
    yield registry.get("tests.order")
    for key in ("tests.order", "tests.article"):
        registry.remove(key)
    ContentType.objects.clear_cache()
    if lasting:
        with connection.schema_editor() as editor:
            for model in reversed(MODELS):
                editor.delete_model(model)


def forget_models() -> None:
    """Django knows them no more."""
    for model in MODELS:
        apps.all_models["tests"].pop(str(model._meta.model_name), None)
    apps.clear_cache()


def article(by: User, name: str) -> Article:
    """A product that everybody in reach of `by` sees."""
    made = Article(name=name, owner=by)
    write.insert([made], by)
    return made


def order(by: User, name: str = "首批设备", **given: Any) -> Any:
    """A document without lines."""
    made = Order(name=name, owner=by, **given)
    write.insert([made], by)
    return ORDERS.get(pk=made.pk)


def typed(number: int, product: Any = "", quantity: Any = "", price: Any = "", **more: Any) -> dict[str, str]:
    """A line as a form sends it."""
    line = more.pop("line", None)
    given = {
        "id": line.pk if line else "",
        "version": line.version if line else "",
        "product": getattr(product, "pk", product),
        "unit": "",
        "quantity": quantity,
        "price": price,
        "discount": "0",
        "tax_rate": "13",
        "remarks": "",
        **more,
    }
    return {f"lines-{number}-{name}": str(value) for name, value in given.items()}
