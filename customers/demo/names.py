"""Invented Chinese companies and people that read like real ones."""

from dataclasses import dataclass
from random import Random

from stdnum.cn import uscc

from crm.kernel.text.pinyin import readings

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class City:
    """A city as a company's name and address show it."""

    short: str
    region: str
    area_code: str
    division: str  # the first six digits of a credit code
    streets: tuple[str, ...]


CITIES = (
    City("上海", "上海市浦东新区", "021", "310115", ("张江路", "世纪大道", "金科路", "银城中路")),
    City("上海", "上海市闵行区", "021", "310112", ("申长路", "七莘路", "都会路")),
    City("杭州", "浙江省杭州市西湖区", "0571", "330106", ("文三路", "教工路", "天目山路", "西溪路")),
    City("杭州", "浙江省杭州市滨江区", "0571", "330108", ("江南大道", "滨盛路", "网商路")),
    City("宁波", "浙江省宁波市鄞州区", "0574", "330212", ("鄞县大道", "天童南路", "首南中路")),
    City("苏州", "江苏省苏州市吴中区", "0512", "320506", ("东吴北路", "吴中大道", "宝带西路")),
    City("南京", "江苏省南京市建邺区", "025", "320105", ("江东中路", "庐山路", "奥体大街")),
    City("无锡", "江苏省无锡市滨湖区", "0510", "320211", ("太湖大道", "建筑西路", "蠡湖大道")),
    City("合肥", "安徽省合肥市蜀山区", "0551", "340104", ("望江西路", "长江西路", "潜山路")),
    City("深圳", "广东省深圳市南山区", "0755", "440305", ("科技园路", "深南大道", "高新南一道")),
    City("深圳", "广东省深圳市宝安区", "0755", "440306", ("创业一路", "新湖路", "松白路")),
    City("广州", "广东省广州市天河区", "020", "440106", ("天河路", "体育东路", "科韵路")),
    City("东莞", "广东省东莞市", "0769", "441900", ("鸿福路", "莞太路", "松山湖大道")),
    City("佛山", "广东省佛山市顺德区", "0757", "440606", ("南国东路", "新桂南路", "容桂大道")),
    City("厦门", "福建省厦门市思明区", "0592", "350203", ("湖滨南路", "软件园二期", "嘉禾路")),
    City("北京", "北京市海淀区", "010", "110108", ("中关村大街", "知春路", "上地西路")),
    City("北京", "北京市朝阳区", "010", "110105", ("建国路", "望京街", "东三环北路")),
    City("天津", "天津市河西区", "022", "120103", ("友谊路", "解放南路", "围堤道")),
    City("青岛", "山东省青岛市市南区", "0532", "370202", ("香港中路", "山东路", "东海西路")),
    City("济南", "山东省济南市历下区", "0531", "370102", ("经十路", "历山路", "工业南路")),
    City("郑州", "河南省郑州市金水区", "0371", "410105", ("花园路", "农业路", "东风路")),
    City("武汉", "湖北省武汉市洪山区", "027", "420111", ("珞喻路", "光谷大道", "雄楚大道")),
    City("长沙", "湖南省长沙市岳麓区", "0731", "430104", ("麓谷大道", "银盆南路", "枫林三路")),
    City("成都", "四川省成都市武侯区", "028", "510107", ("天府大道", "科华北路", "人民南路")),
    City("重庆", "重庆市渝北区", "023", "500112", ("金开大道", "龙山大道", "黄山大道")),
    City("西安", "陕西省西安市雁塔区", "029", "610113", ("科技路", "高新路", "雁塔南路")),
    City("沈阳", "辽宁省沈阳市和平区", "024", "210102", ("青年大街", "三好街", "南京南街")),
    City("大连", "辽宁省大连市甘井子区", "0411", "210211", ("黄浦路", "软件园路", "华北路")),
)

FIRST = "云星瀚禾澄屹泓沐曜卓钧璟栎舜峻昊晟煜霖岚槿衡芃睿翊辰铭宸骏恺"
SECOND = "川野舟序岫图程拓茂渡桥峰泽帆澜越航峤原禾章朗实通达宁信源科诚"

# Industry (the picklist's label) and how companies of it call themselves.
INDUSTRIES: dict[str, tuple[str, ...]] = {
    "软件和信息技术": ("信息技术", "软件", "网络科技", "数据科技", "智能科技"),
    "机械和设备": ("机械", "精密机械", "自动化设备", "机电设备", "智能装备"),
    "电子和电气": ("电子科技", "电气", "光电", "半导体", "电子"),
    "批发和零售": ("贸易", "商贸", "供应链管理", "进出口", "电子商务"),
    "医药和医疗器械": ("医疗器械", "医药", "生物科技", "健康科技"),
    "建筑和装饰": ("建筑工程", "装饰工程", "建材", "园林工程"),
    "食品和餐饮": ("食品", "餐饮管理", "农业科技", "饮品"),
    "物流和运输": ("物流", "国际货运代理", "供应链", "冷链物流"),
    "化工和新材料": ("新材料", "化工", "包装材料", "塑胶制品"),
    "教育和咨询": ("教育科技", "管理咨询", "文化传媒", "人力资源服务"),
}
FORMS = ("有限公司",) * 8 + ("股份有限公司", "有限责任公司", "集团有限公司")

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤单仇解"
)
MEN = "伟 强 磊 洋 勇 杰 涛 明 超 刚 建国 志强 俊杰 文博 浩然 子轩 海波 国华 家豪 思远"
WOMEN = "芳 娜 敏 静 丽 艳 娟 霞 秀英 雪梅 晓燕 婷婷 雨桐 佳怡 梦洁 欣怡 海燕 玉兰 思琪 慧敏"


@dataclass(frozen=True)
class Company:
    """An invented company."""

    name: str
    short_name: str
    industry: str
    city: City


def company(random: Random) -> Company:
    """A company whose name has a place, a word of its own, a trade and a legal form."""
    city = random.choice(CITIES)
    word = random.choice(FIRST) + random.choice(SECOND)
    industry = random.choice(tuple(INDUSTRIES))
    trade = random.choice(INDUSTRIES[industry])
    short_name = word + trade if len(trade) == 2 else city.short + word
    return Company(f"{city.short}{word}{trade}{random.choice(FORMS)}", short_name, industry, city)


def person(random: Random) -> tuple[str, str]:
    """A name, and "male" or "female"."""
    gender = random.choice(("male", "female"))
    return random.choice(SURNAMES) + random.choice((MEN if gender == "male" else WOMEN).split()), gender


def latin(name: str) -> str:
    """The name in pinyin, as it stands in addresses of mail and web."""
    return "".join(spelled[0] for spelled in readings(name))


def credit_code(random: Random, city: City) -> str:
    """A valid unified social credit code of a company in that city."""
    organisation = "MA" + "".join(random.choices(SIGNS, k=6))
    first = f"91{city.division}{organisation}{organisation_check(organisation)}"
    return first + str(uscc.calc_check_digit(first))


def organisation_check(organisation: str) -> str:
    """The check character of the eight signs of an organisation code, GB 11714."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * int(sign, 36) for weight, sign in zip(weights, organisation, strict=True))
    return "0123456789X0"[11 - total % 11]


def mobile(random: Random) -> str:
    """A mobile number from blocks (…0000…) that read as examples."""
    return f"{random.choice(('138', '139', '158', '186', '199'))}0000{random.randrange(10_000):04d}"


def landline(random: Random, city: City) -> str:
    """A number of that city from the block 555."""
    return f"{city.area_code}-555{random.randrange(100_000):05d}"


def address(random: Random, city: City) -> str:
    """A street and house in that city."""
    return f"{city.region}{random.choice(city.streets)}{random.randrange(1, 999)}号{random.randrange(1, 28)}层"
