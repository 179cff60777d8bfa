"""Readings, initials and syllables; pypinyin has the second opinion."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin

from crm.kernel.text.pieces import search_text
from crm.kernel.text.pinyin import MOST_CUTS, MOST_SPELLINGS, READINGS, beginning_with, cuts, initials
from tests.kernel.test_search import found

# Names in which at least one character has a reading that only a dictionary of phrases knows.
NAMES = """
重庆长安汽车 中国银行 行云集团 厦门建发 蚌埠玻璃 六安钢铁 东莞证券 乐清电器
台州医药 成都银行 大都会餐饮 中国重汽 长城汽车 朝阳重工 都市丽人 音乐之家
会计师事务所 参考消息 西藏矿业 省长办公室 传记文学 便宜商店 单车出行 弹簧制造
调味食品 还乡食品 没有烦恼 数据中心 率先科技 模具制造
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_the_reading_of_the_phrase_is_among_ours(name: str) -> None:
    text = search_text([name])
    spelled = lazy_pinyin(name, v_to_u=False)
    assert found(text, "".join(spelled))
    assert found(text, "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)))


SURNAMES = (
    "单shan 曾zeng 仇qiu 解xie 查zha 盖ge 区ou 朴piao 任ren 翟zhai 尉yu 乐yue 缪miao 华hua 召shao 员yun 万mo 冼xian"
)


@pytest.mark.parametrize("surname", SURNAMES.split())
def test_surnames_are_read_as_surnames(surname: str) -> None:
    assert surname[1:] in READINGS[surname[0]]


def test_initials_combine_readings() -> None:
    assert initials("重庆长安") == ["ZQCA", "CQCA", "ZQZA", "CQZA"]
    assert initials("未来科技") == ["WLKJ"]
    assert initials("tcl科技3") == ["TCLKJ3"]


def test_a_name_of_many_readings_stays_small() -> None:
    name = "重长行乐单曾仇解查" * 4
    assert len(initials(name)) <= MOST_SPELLINGS + 2 * len(name)
    assert len(search_text([name])) < 12_000


@pytest.mark.parametrize(
    ("letters", "ways"),
    [
        ("weil", [("wei", "l")]),
        ("weilai", [("wei", "lai")]),
        ("xian", [("xian",), ("xi", "an")]),
        ("lue", [("lue",), ("lu", "e")]),
        ("guoj", [("guo", "j"), ("gu", "o", "j")]),
        ("gj", []),
        ("v", []),
        ("", []),
    ],
)
def test_letters_are_cut_into_syllables(letters: str, ways: list[tuple[str, ...]]) -> None:
    assert cuts(letters) == ways


def test_long_runs_of_letters_are_cut_in_few_ways_and_fast() -> None:
    started = time.perf_counter()
    assert len(cuts("xianxian" * 8)) == MOST_CUTS
    assert cuts("an" * 30 + "vvv") == []
    assert time.perf_counter() - started < 0.1


def test_umlaut_may_be_typed_as_v_or_yu() -> None:
    assert beginning_with("lv") == ["lv", "lve"]
    assert beginning_with("lyu") == ["lv"]


CHINESE = st.text(alphabet=sorted(READINGS), min_size=2, max_size=8)


@given(CHINESE, st.data())
def test_any_two_or_more_characters_find_a_name(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name) - 2))
    part = name[start : data.draw(st.integers(start + 2, len(name)))]
    assert found(search_text([name]), part)


# Longer names can be spelled in more ways than a query tries.
@settings(derandomize=True)
@given(st.lists(st.sampled_from(sorted(READINGS)), min_size=2, max_size=3), st.data())
def test_any_combination_of_readings_finds_a_name(characters: list[str], data: st.DataObject) -> None:
    spelled = [data.draw(st.sampled_from(READINGS[character])) for character in characters]
    assert found(search_text(["".join(characters)]), "'".join(spelled))


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_that_is_typed_or_kept_breaks_the_search(name: str, query: str) -> None:
    text = search_text([name], [name], [name], [name])
    assert "\x00" not in text
    found(text, query)


@given(st.text(max_size=40))
def test_a_name_as_it_was_typed_finds_itself(name: str) -> None:
    whole_words = [word for word in name.split() if any(map(str.isalnum, word))]
    assert not whole_words or found(search_text([name]), name)
