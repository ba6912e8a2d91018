"""The names that people and other programs give to carriers, by our codes (those of 快递鸟).

Names and short names as merchants write them, then the codes of 快递100, then those of Taobao.
"""

import re
import unicodedata
from collections.abc import Sequence

NAMES: dict[str, tuple[str, ...]] = {
    "SF": ("顺丰", "顺风", "顺丰标快", "顺丰特快", "shunfeng", "sf express"),
    "ZTO": ("中通", "zhongtong", "zto express"),
    "YTO": ("圆通", "圆通快递", "yuantong", "yto express"),
    "YD": ("韵达", "韵达快递", "yunda"),
    "STO": ("申通", "shentong", "sto express"),
    "JTSD": ("极兔", "极兔快递", "jtexpress", "jt", "j&t", "j&t express"),
    "JD": ("京东", "京东物流", "京配", "jingdong", "jd logistics"),
    "EMS": ("中国邮政EMS", "邮政EMS", "邮政特快专递", "特快专递", "邮政速递", "邮政速递物流",
            "EMS标准快递", "EMS经济快递", "eyb"),
    "YZPY": ("邮政", "中国邮政", "邮政快递", "邮政包裹", "邮政平邮", "中国邮政快递包裹", "邮政国内小包", "邮政标准快递",
             "youzhengguonei", "chinapost", "china post", "post", "postb"),
    "DBL": ("德邦", "德邦物流", "debangwuliu", "debangkuaidi", "deppon", "dbkd"),
    "DBLKY": ("debangkuaiyun",),
    "KYSY": ("跨越", "跨越物流", "kuayue", "cn7000001003751"),
    "ANE": ("安能", "安能快运", "安能快递", "annengwuliu", "ane56", "2608021499_235"),
    "BTWL": ("百世物流", "baishiwuliu", "bestqjt"),
    "HTKY": ("百世", "百世汇通", "汇通", "汇通快递", "huitongkuaidi"),
    "ZTOKY": ("zhongtongkuaiyun",),
    "YDKY": ("yundakuaiyun",),
    "SXJD": ("顺心捷达快运", "顺心", "sxjdfreight"),
    "UC": ("优速", "优速物流", "youshuwuliu"),
    "HHTT": ("天天", "tiantian", "ttkdex"),
    "ZJS": ("宅急送快递", "zhaijisong"),
    "DNWL": ("丹鸟", "丹鸟快递", "菜鸟直送", "danniao"),
    "CNCY": ("菜鸟", "菜鸟裹裹", "菜鸟快递", "cainiao"),
    "SUBIDA": ("速必达", "subida"),
    "JGSD": ("京广", "京广快递", "jinguangsudikuaijian"),
    "SURE": ("速尔", "速尔物流", "suer"),
    "RRS": ("日日顺", "日日顺快线", "rrs"),
    "XFEX": ("信丰", "信丰快递", "xinfengwuliu"),
    "YMDD": ("壹米滴答快运", "一米滴答", "yimidida"),
    "GTO": ("国通", "guotongkuaidi"),
    "QFKD": ("全峰", "quanfengkuaidi"),
    "FAST": ("快捷", "快捷快递", "kuaijiesudi"),
    "UAPEX": ("全一", "quanyikuaidi"),
    "LB": ("龙邦", "龙邦速递", "longbanwuliu"),
    "SNWL": ("苏宁", "苏宁快递", "suning"),
    "PJ": ("品骏", "pjbest"),
    "RFD": ("如风达快递", "rufengda"),
    "FEDEX": ("联邦", "联邦快递国内", "lianbangkuaidi"),
    "DHL": ("敦豪", "dhl express"),
    "UPS": ("联合包裹",),
    "XBWL": ("新邦", "xinbangwuliu"),
    "HOAU": ("天地华宇物流", "华宇", "tiandihuayu"),
    "CNEX": ("佳吉", "佳吉物流", "jiajiwuliu"),
    "JYM": ("加运美快递", "jiayunmeiwuliu"),
    "DSWL": ("D速", "D速快递", "dsukuaidi"),
}  # fmt: skip
_BETWEEN = re.compile(r"[\s\-_.·()]")
_SORTS = re.compile(r"(速运|快递|速递|物流|快件|express|logistics|有限责任公司|有限公司|股份|集团|公司)$")


def simplified(word: str) -> str:
    """A name without its case, spaces, hyphens, dots and brackets, full-width characters as usual ones."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", word)).casefold()


def stem(word: str) -> str:
    """A name without what says that it is a carrier, such as 快递; 快运 stays, because it is another carrier's."""
    name = simplified(word)
    while (shorter := _SORTS.sub("", name)) not in ("", name):
        name = shorter
    return name


def by_word(carriers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The code of each carrier (given as code and name), by every word for it; names and codes of ours go before others'."""
    ours = {simplified(word): code for code, name in carriers for word in (name, code)}
    theirs = {simplified(word): code for code, _ in carriers for word in NAMES.get(code, ())}
    stems: dict[str, str] = {}
    for word, code in (*ours.items(), *theirs.items()):
        stems.setdefault(stem(word), code)
    return {**stems, **theirs, **ours}
