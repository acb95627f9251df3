"""A corpus of the project's own: sentences in both languages with something personal in them, and look-alikes.

Everything comes from one seed. Values are built from templates and from the standards' arithmetic written here a
second time, not from the recognisers' expressions; nobody's real number is in it on purpose.
"""

# ruff: noqa: E501

from __future__ import annotations

import datetime
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Sample:
    """`spans` are (kind, start, end); a look-alike has none, and `name` says what it is."""

    name: str
    language: Language
    text: str
    spans: tuple[tuple[str, int, int], ...] = ()


def corpus(seed: int, *, n_per_kind: int) -> list[Sample]:
    """`n_per_kind` sentences for each kind and language, and twice as many look-alikes as sentences of one kind."""
    rng = random.Random(seed)
    samples: list[Sample] = []
    languages: tuple[Language, Language] = ("en", "zh")
    for language in languages:
        for kind in VALUES:
            samples += [_sentence(rng, kind, language) for _ in range(n_per_kind)]
        samples += [_mixed(rng, language) for _ in range(n_per_kind)]
        samples += [look_alike(rng, language) for _ in range(4 * n_per_kind)]
    return samples


def checksum_look_alikes(seed: int, n: int) -> list[Sample]:
    """Numbers with the right length, prefix, date and label, whose check digit is wrong; and long order numbers."""
    rng = random.Random(seed)
    made: list[Sample] = []
    makers = (_broken_resident_id, _broken_card, _broken_uscc, _broken_iban, _order_number_that_passes_luhn)
    for index in range(n):
        language: Language = ("en", "zh")[index // len(makers) % 2]
        value, kind = makers[index % len(makers)](rng)
        template = rng.choice(_ORDER[language] if kind == "order" else CONTEXTS[language][kind] + BARE[language])
        made.append(Sample(f"broken {kind}", language, template.format(x=value)))
    return made


# --- values ---------------------------------------------------------------------------------------------------------


def _digits(rng: random.Random, n: int) -> str:
    return "".join(rng.choice(string.digits) for _ in range(n))


def _filled(rng: random.Random, template: str) -> str:
    return "".join(rng.choice(string.digits) if letter == "#" else letter for letter in template)


_SURNAMES = [
    "wang",
    "li",
    "zhang",
    "liu",
    "chen",
    "yang",
    "zhao",
    "huang",
    "smith",
    "jones",
    "garcia",
    "mueller",
    "tanaka",
    "dubois",
    "kim",
    "novak",
]
_GIVEN = [
    "wei",
    "fang",
    "min",
    "jing",
    "lei",
    "qiang",
    "na",
    "anna",
    "bob",
    "maria",
    "hans",
    "yuki",
    "claire",
    "john",
    "petra",
    "xiaoming",
]
_DOMAINS = [
    "qq.com",
    "163.com",
    "126.com",
    "sina.com.cn",
    "gmail.com",
    "outlook.com",
    "foxmail.com",
    "example.com",
    "example.org",
    "mail.pku.edu.cn",
    "corp.co.uk",
    "startup.io",
    "dev-team.dev",
    "uni-heidelberg.de",
    "aliyun.com",
    "proton.me",
    "sub.mail.example.net",
    "company.technology",
]


def email(rng: random.Random, language: Language) -> str:
    first, last, number = rng.choice(_GIVEN), rng.choice(_SURNAMES), _digits(rng, rng.randint(1, 4))
    local = rng.choice(
        [
            f"{first}.{last}",
            f"{first}_{last}{number}",
            f"{first[0]}{last}",
            f"{last}-{first}",
            f"{first}+news",
            f"{last}{number}",
            _digits(rng, 9),
            f"{first}.{last[0]}.{number}",
            first.upper(),
            f"{first.title()}.{last.title()}",
        ]
    )
    domain = rng.choice(_DOMAINS)
    return f"{local}@{domain.title() if rng.random() < 0.05 else domain}"


_CN_PHONES = [
    "1{m}#########",
    "1{m}#########",
    "1{m}#-####-####",
    "1{m}#~####~####",
    "+861{m}#########",
    "+86~1{m}#########",
    "+86-1{m}#-####-####",
    "+86~1{m}#~####~####",
    "0086~1{m}#########",
    "861{m}#########",
    "(+86)1{m}#########",
    "010-6#######",
    "010~8#######",
    "(010)6#######",
    "(010)~8###-####",
    "(0)10-6#######",
    "021-5#######",
    "0755-2#######",
    "0571-8#######",
    "0312-3######",
    "+86~10~6###~####",
    "+86-21-5#######",
    "+86~(0)755~2#######",
    "+86~(10)~8#######",
    "400-###-####",
    "400-####-###",
    "400~###~####",
    "800-8##-####",
    "010-6#######转###",
    "0755-2#######-8###",
    "021-5#######~ext.~###",
    "400-###-####转#",
]
_EN_PHONES = [
    "+1~415~555~01##",
    "+1-212-555-01##",
    "+1~(303)~555-01##",
    "(617)~555-01##",
    "206-555-01##",
    "312.555.01##",
    "1-800-555-01##",
    "+1~202.555.01##",
    "503~555~01##",
    "(702)~555-01##~ext.~###",
    "404-555-01##~x##",
    "+44~20~7946~0###",
    "+44~(0)20~7946~0###",
    "020~7946~0###",
    "07700~900###",
    "+44~7700~900###",
    "+49~30~2318####",
    "+49~(0)89~6365####",
    "+33~1~70~36~39~##",
    "01~70~36~39~##",
    "+33~6~12~34~56~##",
    "+81~3-3224-####",
    "090-1234-####",
    "+81~90-1234-####",
    "+61~2~9876~####",
    "0412~345~###",
    "+61~412~345~###",
    "+91~98765~4####",
    "+82~10-2345-####",
    "+65~6789~####",
    "+852~9123~####",
    "+34~612~34~5#~##",
    "+39~06~698#~####",
    "+31~20~794~0###",
    "+55~11~96123-####",
    "0044~20~7946~0###",
    "+7~495~123-4#-##",
    "+971~50~123~4###",
    "+86~138~0013~####",
]


def phone(rng: random.Random, language: Language) -> str:
    templates = _CN_PHONES if language == "zh" or rng.random() < 0.1 else _EN_PHONES
    template = rng.choice(templates).replace("{m}", rng.choice("3456789"))
    return _filled(rng, template).replace("~", " ")


def resident_id(rng: random.Random, language: Language) -> str:
    region = rng.choice(
        [
            "110101",
            "310115",
            "440305",
            "330106",
            "510104",
            "420106",
            "610113",
            "350203",
            "230102",
            "650104",
            "500112",
            "120101",
        ]
    )
    born = datetime.date(1940, 1, 1) + datetime.timedelta(days=rng.randint(0, 80 * 365))
    body = f"{region}{born:%Y%m%d}{_digits(rng, 3)}"
    number = body + _resident_check(body)
    style = rng.random()
    if style < 0.1:
        return f"{number[:6]} {number[6:14]} {number[14:]}"
    return number.lower() if style < 0.2 else number


def _resident_check(body: str) -> str:
    # the weights are the powers of 2 mod 11, from the right
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return "0123456789X"[(12 - total) % 11]


def _luhn_digit(body: str) -> str:
    for digit in string.digits:
        total = 0
        for place, letter in enumerate(reversed(body + digit)):
            value = int(letter) * (2 if place % 2 else 1)
            total += value - 9 if value > 9 else value
        if total % 10 == 0:
            return digit
    raise AssertionError


_CARDS = (
    ("621700", 19),
    ("622202", 19),
    ("622848", 19),
    ("623058", 19),
    ("625912", 16),
    ("622588", 16),
    ("4", 16),
    ("4", 16),
    ("53", 16),
    ("55", 16),
    ("2345", 16),
    ("37", 15),
    ("34", 15),
    ("3530", 16),
    ("6011", 16),
    ("621483", 16),
)


def card_digits(rng: random.Random) -> str:
    prefix, length = rng.choice(_CARDS)
    body = prefix + _digits(rng, length - len(prefix) - 1)
    return body + _luhn_digit(body)


def _written_card(rng: random.Random, number: str) -> str:
    style = rng.random()
    if style < 0.5:
        return number
    separator = "-" if style > 0.9 else " "
    if len(number) == 15:
        return separator.join((number[:4], number[4:10], number[10:]))
    return separator.join(number[at : at + 4] for at in range(0, len(number), 4))


def bank_card(rng: random.Random, language: Language) -> str:
    return _written_card(rng, card_digits(rng))


_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def uscc(rng: random.Random, language: Language) -> str:
    kind = rng.choice(["91", "91", "91", "92", "52", "12", "51", "93"])
    organisation = "MA" + "".join(rng.choice(_USCC) for _ in range(6)) if rng.random() < 0.6 else _digits(rng, 8)
    body = f"{kind}{rng.choice(['110108', '310115', '440300', '330100', '500000'])}{organisation}{_organisation_check(organisation)}"
    code = body + _uscc_check(body)
    return code if rng.random() < 0.9 else code.lower()


def _organisation_check(code: str) -> str:
    alphabet = string.digits + string.ascii_uppercase
    total = sum(weight * alphabet.index(letter) for weight, letter in zip((3, 7, 9, 10, 5, 8, 4, 2), code, strict=True))
    return {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))


def _uscc_check(body: str) -> str:
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)  # as printed in GB 32100
    total = sum(weight * _USCC.index(letter) for weight, letter in zip(weights, body, strict=True))
    return _USCC[(31 - total % 31) % 31]


_IBANS = [
    "DE:##################",
    "GB:WEST##############",
    "FR:#######################",
    "NL:ABNA##########",
    "ES:####################",
    "IT:X######################",
    "CH:#################",
    "BE:############",
    "AT:################",
    "SE:####################",
    "PL:########################",
    "NO:###########",
    "DK:##############",
    "FI:##############",
    "PT:#####################",
    "IE:AIBK##############",
    "SA:####################",
    "AE:###################",
    "TR:######################",
    "LU:################",
]


def iban_compact(rng: random.Random) -> str:
    country, template = rng.choice(_IBANS).split(":")
    account = _filled(rng, template)
    letters = account + country + "00"
    number = "".join(str(string.digits.find(a) if a.isdigit() else ord(a) - 55) for a in letters)
    return f"{country}{98 - int(number) % 97:02d}{account}"


def iban(rng: random.Random, language: Language) -> str:
    number = iban_compact(rng)
    return number if rng.random() < 0.5 else " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def passport_chinese(rng: random.Random) -> str:
    return _filled(rng, rng.choice(["E########", "E########", "G########", f"E{rng.choice('ABCDEFGH')}#######"]))


def passport(rng: random.Random, language: Language) -> str:
    if language == "zh" or rng.random() < 0.3:
        return passport_chinese(rng)
    return _filled(rng, rng.choice(["#########", "X#######", "C########", "AB#######", "L#######", "K########"]))


def ip(rng: random.Random, language: Language) -> str:
    if rng.random() < 0.3:
        groups = [f"{rng.randrange(65536):x}" for _ in range(8)]
        if rng.random() < 0.5:
            return ":".join(groups)
        return (
            f"2001:db8:{groups[2]}::{groups[3]}" if rng.random() < 0.5 else f"fe80::{groups[4]}:{groups[5]}:{groups[6]}"
        )
    first = rng.choice(["10", "172", "192.168", str(rng.randint(11, 126)), str(rng.randint(128, 223))])
    rest = [str(rng.randint(0, 255)) for _ in range(3 - first.count("."))]
    return ".".join([first, *rest])


_BASE62 = string.ascii_letters + string.digits


def _random(rng: random.Random, n: int, letters: str = _BASE62) -> str:
    return "".join(rng.choice(letters) for _ in range(n))


def secret(rng: random.Random, language: Language) -> str:
    hexadecimal = "0123456789abcdef"
    url_safe = _BASE62 + "-_"
    return rng.choice(
        [
            lambda: "sk-" + _random(rng, 48),
            lambda: "sk-proj-" + _random(rng, 64, url_safe) + "x",
            lambda: "sk-ant-api03-" + _random(rng, 80, url_safe) + "A",
            lambda: "sk-" + _random(rng, 32, hexadecimal),
            lambda: "AKIA" + _random(rng, 16, string.ascii_uppercase + "234567"),
            lambda: "ghp_" + _random(rng, 36),
            lambda: "github_pat_" + _random(rng, 22) + "_" + _random(rng, 59),
            lambda: "glpat-" + _random(rng, 20),
            lambda: f"xoxb-{_digits(rng, 12)}-{_digits(rng, 13)}-{_random(rng, 24)}",
            lambda: "AIza" + _random(rng, 34) + "Q",
            lambda: "hf_" + _random(rng, 34),
            lambda: "sk_live_" + _random(rng, 24),
            lambda: "LTAI5t" + _random(rng, 18),
            lambda: "npm_" + _random(rng, 36),
            lambda: f"eyJhbGciOiJIUzI1NiJ9.eyJ{_random(rng, 40)}.{_random(rng, 43, url_safe[:-2])}",
            lambda: (
                "-----BEGIN RSA PRIVATE KEY-----\n"
                + "\n".join(_random(rng, 64, _BASE62 + "+/") for _ in range(4))
                + "\n-----END RSA PRIVATE KEY-----"
            ),
        ]
    )()


VALUES: dict[str, Callable[[random.Random, Language], str]] = {
    "email": email,
    "phone": phone,
    "cn_resident_id": resident_id,
    "bank_card": bank_card,
    "cn_uscc": uscc,
    "passport": passport,
    "iban": iban,
    "ip": ip,
    "secret": secret,
}

# --- sentences ------------------------------------------------------------------------------------------------------

BARE: dict[Language, list[str]] = {
    "en": ["{x}", "{x} is mine.", "Here you go: {x}", "See {x}, please.", "({x})", "| Ann | {x} | yes |", '"{x}"'],
    "zh": [
        "{x}",
        "{x}是我的。",
        "给你：{x}",
        "请看{x}，谢谢",
        "（{x}）",
        "| 张三 | {x} | 是 |",
        "“{x}”",
        "我填的是{x}吗？",
    ],
}
CONTEXTS: dict[Language, dict[str, list[str]]] = {
    "en": {
        "email": [
            "Write to {x}.",
            "My e-mail is {x}, thanks!",
            "Contact:{x};",
            "<{x}>",
            "mailto:{x}",
            "Cc {x} and Bob",
        ],
        "phone": [
            "Call me at {x}.",
            "Tel: {x}",
            "My number is {x}, text me.",
            "phone={x}",
            "Fax {x}",
            "Ring {x} after 6 pm",
            "You can reach Anna on {x} (mobile).",
            "WhatsApp: {x}",
        ],
        "cn_resident_id": ["My Chinese ID is {x}.", "ID card number: {x}", "resident ID {x}, born in Beijing"],
        "bank_card": [
            "My card number is {x}.",
            "Card: {x}, exp 12/27",
            "Please charge {x} for the order.",
            "Visa {x} CVV 123",
        ],
        "cn_uscc": ["Unified social credit code: {x}", "The USCC of the company is {x}.", "tax id {x}"],
        "passport": [
            "My passport number is {x}.",
            "Passport No. {x}",
            "passport: {x}, issued in 2019",
            "He lost passport {x}.",
            "Passport number ({x}) expires soon",
        ],
        "iban": ["Transfer it to {x}.", "IBAN: {x}", "My IBAN is {x}, BIC WESTGB2L", "account {x} please"],
        "ip": [
            "The server is at {x}.",
            "IP: {x}",
            "Login from {x} at 10:32",
            "ping {x}",
            "http://{x}/login",
            "host {x} is down",
        ],
        "secret": [
            "export OPENAI_API_KEY={x}",
            "My token is {x}",
            "Authorization: Bearer {x}",
            'api_key = "{x}"',
            "use {x} to log in",
        ],
    },
    "zh": {
        "email": ["我的邮箱是{x}谢谢", "请发到{x}。", "邮箱：{x}，电话见下", "联系{x}或者打电话", "E-mail:{x}"],
        "phone": [
            "我的电话是{x}。",
            "手机：{x}",
            "请打{x}找张三",
            "联系方式{x}，谢谢",
            "电话{x}或者微信",
            "客服热线：{x}。",
            "收件人李四，{x}，北京市",
            "Tel:{x}",
            "【{x}】请回电",
        ],
        "cn_resident_id": ["身份证号{x}。", "我的身份证是{x}，请核对", "证件号码：{x}", "身份证：{x}（本人）"],
        "bank_card": [
            "卡号{x}。",
            "请转到{x}，谢谢",
            "银行卡：{x}",
            "我的工行卡号是{x}，开户行北京",
            "信用卡{x}已逾期",
        ],
        "cn_uscc": ["统一社会信用代码：{x}", "税号{x}，请开票", "公司信用代码是{x}。", "营业执照{x}"],
        "passport": ["护照号{x}。", "护照：{x}", "我的护照号码是{x}，有效期到2030年", "持{x}护照入境"],
        "iban": ["请汇到{x}。", "IBAN：{x}", "我的IBAN是{x}，谢谢", "欧洲账户{x}"],
        "ip": ["服务器地址是{x}。", "IP：{x}", "来自{x}的登录", "请访问http://{x}:8080/", "主机{x}宕机了"],
        "secret": ["密钥是{x}", "我的token：{x}", "请用{x}登录", "api_key={x}", "令牌：{x}，别外传"],
    },
}

_FULL_WIDTH = {ord(a): ord(a) + 0xFEE0 for a in string.digits}
# Without a word these are numbers like any other; so nobody is asked to find them without one.
_NEEDS_CONTEXT = {("en", "passport")}


def _sentence(rng: random.Random, kind: str, language: Language) -> Sample:
    value = VALUES[kind](rng, language)
    templates = CONTEXTS[language][kind]
    if (language, kind) not in _NEEDS_CONTEXT and rng.random() < 0.3:
        templates = BARE[language]
    template = rng.choice(templates)
    if "http://" in template and ":" in value:
        value = f"[{value}]"
    if language == "zh" and kind in ("phone", "cn_resident_id", "bank_card") and rng.random() < 0.08:
        value = value.translate(_FULL_WIDTH)
    at = template.index("{x}")
    text = template.replace("{x}", value)
    start, end = at, at + len(value)
    if value.startswith("["):
        start, end = start + 1, end - 1
    if rng.random() < 0.3:
        filler = rng.choice(_FILLERS[language])
        text, start, end = filler + text, start + len(filler), end + len(filler)
    return Sample(kind, language, text, ((kind, start, end),))


_FILLERS: dict[Language, list[str]] = {
    "en": [
        "Order 20241120-0017 is late. ",
        "We met on 2024-11-20 at 10:30. ",
        "I paid $1,299.00 for it. ",
        "Version 2.10.3 is out. ",
    ],
    "zh": ["订单20241120-0017晚了。", "我们2024年11月20日10:30见过面。", "一共花了1,299.00元。", "版本2.10.3发布了。"],
}


def _mixed(rng: random.Random, language: Language) -> Sample:
    """Several kinds in one text."""
    text = ""
    spans = []
    for kind in rng.sample([kind for kind in VALUES if kind != "secret"], 3):
        value = VALUES[kind](rng, language)
        template = rng.choice([template for template in CONTEXTS[language][kind] if "http" not in template])
        start = len(text) + template.index("{x}")
        spans.append((kind, start, start + len(value)))
        text += template.replace("{x}", value) + (" " if language == "en" else "。")
    return Sample("mixed", language, text, tuple(spans))


# --- look-alikes ----------------------------------------------------------------------------------------------------

_ORDER: dict[Language, list[str]] = {
    "en": [
        "Order number {x} has shipped.",
        "Order no. {x}",
        "Your order {x} is late",
        "Invoice {x} is due",
        "Tracking number: {x}",
        "ticket #{x}",
        "Transaction ID: {x}",
        "serial number {x}",
        "Reference: {x}",
    ],
    "zh": [
        "订单号{x}已发货。",
        "订单编号：{x}",
        "运单号：{x}，请查收",
        "流水号{x}",
        "发票号码：{x}",
        "工单{x}已关闭",
        "交易号：{x}",
        "序列号 {x}",
        "快递单号是{x}",
    ],
}


def _isbn13(rng: random.Random) -> str:
    body = "978" + _digits(rng, 9)
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10
    compact = f"{body}{check}"
    return rng.choice([compact, f"{compact[:3]}-{compact[3]}-{compact[4:8]}-{compact[8:12]}-{compact[12]}"])


def _when(rng: random.Random) -> datetime.datetime:
    return datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=rng.randint(0, 25 * 365 * 86400))


_LIKE: dict[str, Callable[[random.Random], str]] = {
    "order number": lambda rng: rng.choice(
        [f"{_when(rng):%Y%m%d}{_digits(rng, rng.randint(4, 10))}", _digits(rng, rng.randint(10, 20))]
    ),
    "phone-like invoice": lambda rng: _filled(
        rng, rng.choice(["13#########", "18#########", "415-555-01##", "0#########", "400#######"])
    ),
    "card-like order": lambda rng: card_digits(rng),
}
_PLAIN: dict[str, tuple[Callable[[random.Random], str], list[str], list[str]]] = {
    "date": (
        lambda rng: _when(rng).strftime(
            rng.choice(["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y%m%d", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S"])
        ),
        ["Born on {x}.", "Due {x}", "{x}", "Updated: {x}, by Bob"],
        ["日期：{x}", "{x}更新", "{x}", "截止到{x}为止"],
    ),
    "version": (
        lambda rng: ".".join(str(rng.randint(0, 30)) for _ in range(4)),
        [
            "version {x}",
            "v{x} is out",
            "Chrome/{x}",
            "upgrade to version {x}",
            "release {x}",
            "see section {x}",
            "nginx/{x}",
        ],
        ["版本{x}", "升级到v{x}", "第{x}节", "版本号：{x}", "固件版本 {x}"],
    ),
    "isbn": (_isbn13, ["ISBN {x}", "ISBN: {x}", "the book ({x})"], ["ISBN {x}", "书号{x}", "国际标准书号：{x}"]),
    "tracking": (
        lambda rng: _filled(
            rng,
            rng.choice(
                [
                    "SF#############",
                    "1Z999AA1##########",
                    "JD############",
                    "YT#############",
                    "RR#########CN",
                    "9400 1###  #### #### #### ##",
                ]
            ),
        ),
        ["Tracking: {x}", "UPS {x}", "parcel {x} arrived"],
        ["快递单号：{x}", "顺丰{x}", "运单{x}已签收"],
    ),
    "price": (
        lambda rng: rng.choice(
            [f"{rng.randint(1, 10**9):,}.00", f"{rng.randint(10**6, 10**11)}", f"{rng.random() * 1e6:.2f}"]
        ),
        ["It costs ${x}.", "€{x} in total", "{x} USD", "a budget of {x} dollars"],
        ["价格￥{x}", "共{x}元", "金额：{x}元", "人口{x}人"],
    ),
    "coordinates": (
        lambda rng: f"{rng.uniform(-90, 90):.{rng.randint(4, 12)}f}, {rng.uniform(-180, 180):.{rng.randint(4, 12)}f}",
        ["at {x}", "coordinates: {x}", "({x})"],
        ["坐标：{x}", "位于{x}", "（{x}）"],
    ),
    "hash": (
        lambda rng: _random(rng, rng.choice([7, 32, 40, 64]), "0123456789abcdef"),
        ["commit {x}", "sha256: {x}", "md5={x}", "checksum {x}"],
        ["提交{x}", "哈希值：{x}", "md5：{x}", "校验和{x}"],
    ),
    "uuid": (
        lambda rng: "-".join(_random(rng, n, "0123456789abcdef") for n in (8, 4, 4, 4, 12)),
        ["request {x}", "id: {x}", "uuid {x}"],
        ["请求{x}", "编号：{x}", "会话{x}"],
    ),
    "time": (
        lambda rng: rng.choice(
            [
                f"{rng.randint(0, 23)}:{rng.randint(10, 59)}:{rng.randint(10, 59)}",
                str(rng.randint(10**9, 2 * 10**9)),
                str(rng.randint(10**12, 2 * 10**12)),
            ]
        ),
        ["timestamp {x}", "at {x}", "ts={x}"],
        ["时间戳{x}", "时间：{x}", "于{x}"],
    ),
    "number": (
        lambda rng: rng.choice(
            [
                f"0.{_digits(rng, 16)}",
                f"3.{_digits(rng, 12)}",
                f"{rng.randint(1, 10**7)}",
                f"{rng.randint(1900, 2000)}-{rng.randint(2001, 2024)}",
                f"{_digits(rng, 3)} {_digits(rng, 3)} {_digits(rng, 3)}",
                "1 2 3 4 5 6 7 8 9 10",
                "100, 200, 300, 400",
            ]
        ),
        ["The result is {x}.", "x = {x}", "{x} rows", "Compute {x} * 2"],
        ["结果是{x}。", "x = {x}", "共{x}行", "计算{x}乘2"],
    ),
    "mac": (
        lambda rng: ":".join(_random(rng, 2, "0123456789abcdef") for _ in range(6)),
        ["MAC {x}", "device {x}"],
        ["MAC地址{x}", "设备{x}"],
    ),
    "product": (
        lambda rng: _filled(
            rng,
            rng.choice(
                [
                    "SKU-########",
                    "A#######B",
                    "MX########-##",
                    "WH-1000XM#",
                    "RTX ####",
                    "GB/T #####-20##",
                    "E#####",
                    "ISO/IEC 2700#:20##",
                ]
            ),
        ),
        ["model {x}", "part number {x}", "the {x} is sold out", "see {x}"],
        ["型号{x}", "标准{x}", "货号：{x}", "{x}已售罄"],
    ),
    "at sign": (
        lambda rng: rng.choice(
            [
                "@zhangsan",
                "left-pad@1.3.0",
                "logo@2x.png",
                "git@github.com:owner/name.git",
                "a @ b",
                "@app.route('/')",
                "user@localhost",
                "me@",
            ]
        ),
        ["see {x}", "thanks {x}!", "{x}"],
        ["见{x}", "感谢{x}！", "{x}"],
    ),
    "not a secret": (
        lambda rng: rng.choice(
            [
                "sk-learn",
                "task-1234",
                "token=YOUR_API_KEY_HERE",
                "api_key=<your key>",
                "key: user_profile_settings_page",
                "sk_SK",
                "key=value",
                "AKIAWARD",
                "password: ********************",
                "token=xxxxxxxxxxxxxxxxxxxxxxxx",
                "sk-your-api-key-goes-here-please",
                "https://example.com/a-very-long-slug-about-internationalization-2024",
            ]
        ),
        ["use {x}", "{x}", "see `{x}` in the docs"],
        ["请用{x}", "{x}", "见文档中的`{x}`"],
    ),
    "plate": (
        lambda rng: _filled(rng, rng.choice(["CA1234", "MU5###", "G1##", "B-MW ####"])),
        ["flight {x}", "train {x}"],
        ["航班{x}", "{x}次列车"],
    ),
    "qq": (lambda rng: _filled(rng, "1########"), ["group {x}", "user id {x}"], ["QQ群{x}", "用户编号{x}"]),
}


def look_alike(rng: random.Random, language: Language) -> Sample:
    if rng.random() < 0.4:
        name = rng.choice(list(_LIKE))
        return Sample(name, language, rng.choice(_ORDER[language]).format(x=_LIKE[name](rng)))
    name = rng.choice(list(_PLAIN))
    make, english, chinese = _PLAIN[name]
    template = rng.choice(english if language == "en" else chinese)
    return Sample(name, language, template.replace("{x}", make(rng)))


def _wrong(rng: random.Random, right: str, letters: str) -> str:
    return rng.choice([letter for letter in letters if letter != right])


def _broken_resident_id(rng: random.Random) -> tuple[str, str]:
    number = resident_id(rng, "zh").replace(" ", "").upper()
    return number[:17] + _wrong(rng, number[17], "0123456789X"), "cn_resident_id"


def _broken_card(rng: random.Random) -> tuple[str, str]:
    number = card_digits(rng)
    return _written_card(rng, number[:-1] + _wrong(rng, number[-1], string.digits)), "bank_card"


def _broken_uscc(rng: random.Random) -> tuple[str, str]:
    code = uscc(rng, "zh").upper()
    return code[:17] + _wrong(rng, code[17], _USCC), "cn_uscc"


def _broken_iban(rng: random.Random) -> tuple[str, str]:
    number = iban_compact(rng)
    check = (int(number[2:4]) + rng.randint(1, 90)) % 97
    return f"{number[:2]}{check:02d}{number[4:]}", "iban"


def _order_number_that_passes_luhn(rng: random.Random) -> tuple[str, str]:
    body = rng.choice([f"{_when(rng):%Y%m%d}{_digits(rng, rng.choice([7, 9, 10]))}", card_digits(rng)[:-1]])
    return body + _luhn_digit(body), "order"
