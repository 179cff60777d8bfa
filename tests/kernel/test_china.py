"""Company names, phones and credit codes."""

import pytest

from crm.kernel.china import credit_code, phones
from crm.kernel.china.companies import company_key
from customers.demo.names import organisation_check

SAME = {
    "未来科技": "杭州未来科技有限公司 未来科技(杭州)股份有限公司 浙江省杭州市未来科技有限责任公司 【杭州】未来科技",
    "华为技术": "华为技术有限公司 華為技術有限公司 华为技术（深圳）有限公司 华为技术有限公司深圳分公司 华为技术(中国)",
    "万科a": "万科A 万科ａ 萬科Ａ",
    "伊利实业": "内蒙古伊利实业集团股份有限公司 内蒙古自治区呼和浩特市伊利实业集团股份有限公司 伊利实业",
    "好友商贸": "广西壮族自治区南宁市好友商贸有限公司 南宁好友商贸有限公司",
    "阿里巴巴": "阿里巴巴（中国）有限公司 阿里巴巴集团控股有限公司 阿里巴巴",
    # Too little would be left without the place.
    "青岛啤酒": "青岛啤酒股份有限公司 青岛啤酒",
    "北京科技": "北京科技有限公司",
    "上海": "上海有限公司",
    "有限公司": "有限公司",
}
GAPS = [
    ("万  科Ａ", "万科a"),
    ("杭州 未来科技 有限公司", "未来科技"),
    ("Apple Inc.", "apple"),
    ("APPLE CO., LTD.", "apple"),
    ("（ ）", ""),
]


@pytest.mark.parametrize(
    ("name", "key"), [*GAPS, *((name, key) for key, names in SAME.items() for name in names.split())]
)
def test_spellings_of_one_company_share_a_key(name: str, key: str) -> None:
    assert company_key(name) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("杭州未来科技有限公司", "杭州未来网络有限公司"),
        ("青岛啤酒", "雪花啤酒"),
        ("中国银行", "中国建设银行"),
        ("同仁堂", "北京同仁医院"),
    ],
)
def test_different_companies_have_different_keys(one: str, other: str) -> None:
    assert company_key(one) != company_key(other)


@pytest.mark.parametrize(
    ("typed", "digits", "mobile", "callable_"),
    [
        ("138 0013 8000", "13800138000", True, True),
        ("+86 138-0013-8000", "13800138000", True, True),
        ("0086 13800138000", "13800138000", True, True),
        ("１３８００１３８０００", "13800138000", True, True),
        ("13800138000/13900139000", "13800138000", True, True),
        ("0571-8888 8888", "057188888888", False, True),
        ("（0571）88888888", "057188888888", False, True),
        ("0571-88888888-801", "057188888888", False, True),
        ("0571-88888888 转 801", "057188888888", False, True),
        ("021 5888 8888", "02158888888", False, True),
        ("+86 (21) 5888 8888", "02158888888", False, True),
        ("9888 8888", "98888888", False, False),
        ("5888 8888", "58888888", False, True),
        ("400-800-8888", "4008008888", False, True),
        ("95588", "95588", False, True),
        ("12345", "12345", False, True),
        ("+1 (415) 555-0100", "+14155550100", False, True),
        ("12800138000", "12800138000", False, False),
        ("1380013800", "1380013800", False, False),
        ("call me", "", False, False),
        ("", "", False, False),
    ],
)
def test_phones(typed: str, digits: str, mobile: bool, callable_: bool) -> None:
    assert phones.normalize(typed) == digits
    assert phones.is_mobile(typed) is mobile
    assert phones.is_phone(typed) is callable_


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91110000600037341L", " ９１350100-m000100y43 "])
def test_credit_codes_of_the_standard(code: str) -> None:
    assert credit_code.is_valid(credit_code.normalize(code))
    assert not credit_code.is_older_form(credit_code.normalize(code))


@pytest.mark.parametrize("code", ["91350100M000100Y44", "91350100M00010OY43", "91350100M000100Y4", "", "ABC"])
def test_wrong_credit_codes(code: str) -> None:
    assert not credit_code.is_valid(credit_code.normalize(code))


@pytest.mark.parametrize("code", ["350100123456789", "11010519491231002X"])
def test_older_codes_are_taken_with_a_warning(code: str) -> None:
    assert credit_code.is_valid(code)
    assert credit_code.is_older_form(code)


def test_check_character_of_the_organisation_code() -> None:
    assert organisation_check("M000100Y") == "4"
    assert organisation_check("60003734") == "1"
