"""Names of Chinese companies, reduced to what tells one company from another."""

import re
from pathlib import Path

from crm.kernel.text.words import plain, words

_BRACKETS = re.compile(r"[(\[{【〔〖「『《<]([^()\[\]{}【】〔〕〖〗「」『』《》<>]*)[)\]}】〕〗」』》>]")
_FORMS = re.compile(r"(?:有限责任|股份有限|集团有限|有限|集团|股份|总)?公司$|集团(?:控股)?$|股份$|(?<=.{2})有限$")
_ENGLISH_FORMS = frozenset(
    {"co", "ltd", "coltd", "inc", "llc", "limited", "corp", "corporation", "company", "gmbh", "plc"}
)
_BRANCH = re.compile(r"(?<=公司)\w+(?:分公司|办事处|代表处|分厂)$")
_NOTES = frozenset({"中国", "集团", "有限合伙", "普通合伙", "特殊普通合伙"})

PLACES = frozenset((Path(__file__).parent / "places.txt").read_text(encoding="utf-8").split())
_LONGEST_PLACE = max(map(len, PLACES))
_PLACE_ENDS = re.compile("^(?:特别行政区|(?:壮族|回族|维吾尔)?自治区|省|市|地区)")
# A name must keep so many characters, and one of them outside these words, to lose its place.
_LEAST_LEFT = 3
_COMMON = re.compile(
    "科技|技术|信息|网络|电子|软件|数码|智能|通信|通讯|计算机|贸易|商贸|经贸|进出口|国际|实业|工业|产业|企业|工贸|发展|开发|投资|控股|资产|资本|金融|保险|银行|证券"
    "|咨询|管理|服务|顾问|文化|传媒|广告|传播|教育|培训|医药|医疗|生物|制药|器械|健康|食品|饮料|酒业|啤酒|农业|餐饮|酒店|旅游|旅行社|物流|运输|供应链|快递|航空|铁路|港口"
    "|汽车|机械|机电|设备|制造|装备|电器|电气|仪器|仪表|五金|材料|新材料|化工|化学|塑料|橡胶|钢铁|金属|能源|电力|燃气|石油|煤炭|环保|环境|水务|建筑|建设|建材|工程|装饰"
    "|装修|设计|房地产|地产|置业|物业|园林|家具|家居|服装|服饰|纺织|百货|超市|零售|销售|印刷|包装|联合|综合|第[一二三四五六七八九十]"
)


def company_key(name: str) -> str:
    """What two spellings of one company share: 杭州未来科技有限公司 and 未来科技(杭州)股份有限公司 → 未来科技.

    Width, case, gaps, brackets and traditional characters do not matter; the legal form, a branch's
    name and the place go, unless too little would be left (青岛啤酒 stays 青岛啤酒).
    """
    parts = words(_BRACKETS.sub(_in_brackets, plain(name)))
    while len(parts) > 1 and parts[-1] in _ENGLISH_FORMS:
        parts.pop()
    whole = "".join(parts)
    return _without_place(_without_form(_BRANCH.sub("", whole))) or whole


def _in_brackets(match: re.Match[str]) -> str:
    inside = match[1].strip()
    return "" if inside in _NOTES or _place_at_start(inside) == len(inside) else inside


def _without_form(name: str) -> str:
    shorter = _FORMS.sub("", name)
    return name if shorter == name or not shorter else _without_form(shorter)


def _without_place(name: str) -> str:
    rest = name[_place_at_start(name) :]
    if rest == name or len(rest) < _LEAST_LEFT or not _COMMON.sub("", rest):
        return name
    return _without_place(rest)


def _place_at_start(name: str) -> int:
    """How many characters name a province or city at the start, with 省 or 市; 0 if none do."""
    for length in range(min(_LONGEST_PLACE, len(name)), 1, -1):
        if name[:length] in PLACES:
            end = _PLACE_ENDS.match(name[length:])
            return length + (end.end() if end else 0)
    return 0
