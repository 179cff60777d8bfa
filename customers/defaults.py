"""What customers start with in a new company: picklists and roles, until an administrator changes them."""

from crm.org.models import Grant, Role, Scope
from crm.record.picklists import PicklistOption

# The options of each list in the order in which they are offered; grey where no colour is named.
OPTIONS = {
    "customers.kind": "意向客户:primary 成交客户:success 老客户:success 合作伙伴 暂无意向",
    "customers.status": "初步沟通 见面拜访:primary 确定意向:primary 商务谈判:warning 赢单:success 暂缓:danger",
    "customers.source": "网络推广 客户介绍 展会 电话开发 公众号 上门拜访",
    "customers.industry": (
        "软件和信息技术 机械和设备 电子和电气 批发和零售 医药和医疗器械 建筑和装饰 "
        "食品和餐饮 物流和运输 化工和新材料 教育和咨询"
    ),
    "customers.scale": "20人以下 20–99人 100–499人 500人以上",
    "customers.contact_role": "决策人:danger 影响人:warning 使用人:primary 采购",
    "customers.follow_up_method": "电话:primary 微信:success 上门拜访:warning 邮件 客户来访 线上会议",
}


SELL = "view add change print view_pool claim apply give_back"
LEAD = f"{SELL} reveal delete export accept assign transfer recycle move"
RUN = f"{LEAD} import add_pool"
FOLLOW = "view add change delete print export reveal"
# Position → (how far it reaches, what it may do with customers, with contacts and follow-ups, what it is for)
ROLES = {
    "销售代表": (Scope.OWN, SELL, "view add change print", "负责自己的客户，可以在公海获取或申请客户"),
    "销售主管": (Scope.DEPARTMENT, LEAD, FOLLOW, "管理本组客户，审批申请，分配和回收"),
    "销售经理": (Scope.BELOW, LEAD, FOLLOW, "管理大区内所有客户"),
    "销售总监": (
        Scope.BELOW,
        f"{LEAD} import",
        f"{FOLLOW} import",
        "管理销售中心所有客户",
    ),
    "客户管理员": (Scope.ALL, RUN, f"{FOLLOW} import", "导入客户，维护公海，分配客户"),
}


def load() -> None:
    """Fill the picklists that have no option at all; create the roles if there is no role."""
    filled = set(PicklistOption.objects.values_list("list", flat=True).distinct())
    load_options(set(OPTIONS) - filled)
    if not Role.objects.exists():
        load_roles()


def load_options(lists: set[str] | None = None) -> dict[str, dict[str, PicklistOption]]:
    """Create what is missing of these lists (else of all); list → label → option."""
    wanted = {key: options for key, options in OPTIONS.items() if lists is None or key in lists}
    PicklistOption.objects.bulk_create(
        (
            PicklistOption(list=key, label=label, colour=colour or "neutral", order=order)
            for key, options in wanted.items()
            for order, (label, _, colour) in enumerate(option.partition(":") for option in options.split())
        ),
        ignore_conflicts=True,
    )
    found: dict[str, dict[str, PicklistOption]] = {key: {} for key in wanted}
    for option in PicklistOption.objects.filter(list__in=wanted).order_by("list", "order"):
        found[option.list][option.label] = option
    return found


def load_roles() -> dict[str, Role]:
    """Create the usual roles of a sales team; name → role."""
    return {name: _role(name) for name in ROLES}


def _role(name: str) -> Role:
    scope, customers, others, purpose = ROLES[name]
    role = Role.objects.create(name=name, description=purpose)
    for entity, actions in (
        ("customers.customer", customers),
        ("customers.contact", others),
        ("customers.customerfollowup", others),
    ):
        Grant.objects.create(role=role, entity=entity, actions=sorted(actions.split()), scope=scope)
    return role
