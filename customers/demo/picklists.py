"""The options with which the picklists of customers start."""

from crm.record.picklists import PicklistOption

# list → (label, colour), in the order in which they are offered
OPTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "customers.kind": (
        ("意向客户", "primary"), ("成交客户", "success"), ("老客户", "success"), ("合作伙伴", "neutral"), ("暂无意向", "neutral"),
    ),
    "customers.status": (
        ("初步沟通", "neutral"), ("见面拜访", "primary"), ("确定意向", "primary"), ("商务谈判", "warning"), ("赢单", "success"), ("暂缓", "danger"),
    ),
    "customers.source": (
        ("网络推广", "neutral"), ("客户介绍", "neutral"), ("展会", "neutral"), ("电话开发", "neutral"), ("公众号", "neutral"), ("上门拜访", "neutral"),
    ),
    "customers.industry": (
        ("软件和信息技术", "neutral"), ("机械和设备", "neutral"), ("电子和电气", "neutral"), ("批发和零售", "neutral"),
        ("医药和医疗器械", "neutral"), ("建筑和装饰", "neutral"), ("食品和餐饮", "neutral"), ("物流和运输", "neutral"),
        ("化工和新材料", "neutral"), ("教育和咨询", "neutral"),
    ),
    "customers.scale": (("20人以下", "neutral"), ("20–99人", "neutral"), ("100–499人", "neutral"), ("500人以上", "neutral")),
    "customers.contact_role": (("决策人", "danger"), ("影响人", "warning"), ("使用人", "primary"), ("采购", "neutral")),
    "customers.follow_up_method": (
        ("电话", "primary"), ("微信", "success"), ("上门拜访", "warning"), ("邮件", "neutral"), ("客户来访", "neutral"), ("线上会议", "neutral"),
    ),
}  # fmt: skip


def load() -> dict[str, dict[str, PicklistOption]]:
    """Create the options that are missing; list → label → option."""
    PicklistOption.objects.bulk_create(
        (
            PicklistOption(list=key, label=label, colour=colour, order=order)
            for key, options in OPTIONS.items()
            for order, (label, colour) in enumerate(options)
        ),
        ignore_conflicts=True,
    )
    found: dict[str, dict[str, PicklistOption]] = {key: {} for key in OPTIONS}
    for option in PicklistOption.objects.filter(list__in=OPTIONS).order_by("list", "order"):
        found[option.list][option.label] = option
    return found
