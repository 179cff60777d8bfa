"""The options with which the picklists of customers start."""

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


def load() -> dict[str, dict[str, PicklistOption]]:
    """Create the options that are missing; list → label → option."""
    PicklistOption.objects.bulk_create(
        (
            PicklistOption(list=key, label=label, colour=colour or "neutral", order=order)
            for key, options in OPTIONS.items()
            for order, (label, _, colour) in enumerate(option.partition(":") for option in options.split())
        ),
        ignore_conflicts=True,
    )
    found: dict[str, dict[str, PicklistOption]] = {key: {} for key in OPTIONS}
    for option in PicklistOption.objects.filter(list__in=OPTIONS).order_by("list", "order"):
        found[option.list][option.label] = option
    return found
