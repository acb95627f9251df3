"""Phone numbers: Chinese mobiles, landlines and 400 numbers by shape, international ones by phonenumbers' rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers

from tunesmith.data.pii.context import OTHER_NUMBERS, Labels, words_before
from tunesmith.data.pii.match import PiiMatch

_EXTENSION = r"(?:(?: ?(?:转|轉|分机号?|内线|ext\.?|extension|x|#)[ :：]?|-)\d{1,6}(?!\d))?"
_COUNTRY = r"(?:(?:\((?:\+|00)86\)|(?:\+|00) ?(?:86|\(86\)))[ -]?|86[ -]|\(86\)[ -]?)"
_AREA = r"(?:10|2\d|[3-9]\d\d)"
_LOCAL = r"[1-9]\d{2,3}[ -]?\d{4}"
_ELEVEN = r"1[3-9]\d(?:(?P<a>[ .-]?)\d{4}(?P=a)\d{4}|(?P<b>[ -])\d{3}(?P=b)\d{5}|\d[ -]\d{3}[ -]\d{4}|\d\d[ -]\d{6})"
_BEFORE_LOCAL = rf"(?:{_COUNTRY}(?:\(0\) ?)?\(?0?{_AREA}\)?[ -]?|\(0{_AREA}\)[ -]?|\(0\) ?{_AREA}[ -]|0{_AREA}[ -])"
_CHINESE = re.compile(
    r"(?<!\d)(?<!\d[.\-])(?:"
    rf"(?:{_COUNTRY}|(?:86|\(86\))[ -]?)?(?:\(0\) ?)?{_ELEVEN}"
    rf"|{_BEFORE_LOCAL}{_LOCAL}{_EXTENSION}"
    rf"|[48]00(?:[ -]\d{{3}}[ -]\d{{4}}|[ -]\d{{4}}[ -]\d{{3}}|[ -]\d{{7}}|\d[ -]\d{{3}}[ -]\d{{3}}){_EXTENSION}"
    rf"|(?P<compact>0{_AREA}[2-8]\d{{6,7}}|[48]00\d{{7}}){_EXTENSION}"
    r")(?![0-9A-Za-z=*+]|\.(?:\d|jpe?g|png|pdf|txt|html?|zip|docx?|xlsx?|mp[34]|csv|json)|-[0-9A-Za-z])",
    re.IGNORECASE,
)
_PLUS = re.compile(
    r"(?<![0-9A-Za-z+)])(?:\+|00 ?(?=[1-9]))\(?[1-9]\d{0,3}\)?(?:[ .\-()]{0,2}\d{1,12}){1,6}" + _EXTENSION
)
_GROUPED = re.compile(
    r"(?<![0-9A-Za-z+])(?<!\d[.\-/])\(?\d{1,5}(?:\)?[ .\-]?\(?\d{2,9}){1,5}"
    + _EXTENSION
    + r"(?![0-9A-Za-z]|\.\d|-[0-9A-Za-z]|[/:]\d)",
    re.IGNORECASE,
)
_NORTH_AMERICAN = re.compile(r"(?:1[ .\-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .\-])[2-9]\d\d[ .\-]\d{4}")
# Ofcom keeps these free for films; to everybody who writes one it is a British number.
_FOR_FILMS = re.compile(r"\(?0(?:7700 ?900|1632|1\d\d\)? ?496)")
# Three numbers in a row may look like this; with a hyphen, dot or bracket they do not.
_SPACED = re.compile(r"[\d ]+")
# National numbers whose grouping alone gives them away, when phonenumbers agrees.
_SHAPES: dict[str, set[tuple[int, ...]]] = {
    "GB": {(5, 6), (4, 7), (4, 3, 4), (3, 4, 4), (5, 3, 3)},
    "FR": {(2, 2, 2, 2, 2)},
    "AU": {(4, 3, 3), (2, 4, 4)},
    "JP": {(3, 4, 4), (2, 4, 4), (4, 2, 4)},
    "KR": {(3, 4, 4), (2, 4, 4)},
    "TW": {(4, 3, 3), (2, 4, 4)},
}
_REGIONS = ("US", "GB", "AU", "IN", "DE", "FR", "JP", "KR", "SG", "HK", "TW", "ES", "IT", "BR", "NL", "CN")
_WORDS = Labels(
    yes=r"电话|手机|手機|电話|座机|固话|联系方式|联系|致电|拨打?|打(?:给|到)?$|热线|传真|来电|回电|客服|短信|微信|\btel(?:ephone)?\b|\bphone\b|\bmobile\b"
    r"|\bcell\b|\bcall(?:ed|ing)?\b|\bfax\b|\bcontact\b|\bwhats\s?app\b|\btext(?:ed)?\b|\breach(?:ed)?\b|\bdial(?:led)?\b|\bsms\b"
    r"|\bring\b|\bhotline\b|\bhelpline\b|\b(?:my|his|her|their|our) number\b|☎|📞|📱",
    no=r"\baccount(?:\s+(?:number|no))?\b|"
    + OTHER_NUMBERS
    + r"|[$¥￥€£]|价格|金额|共计|总计|合计|人口|总数|数量|坐标|经度|纬度|\bprice\b|\btotal\b|\bamount\b"
    r"|\bcoordinates?\b|\blat\b|\blon\b",
)
_PHONE_WORD_END = re.compile(
    r"(?:(?<![A-Za-z])(?:tel(?:ephone)?|(?:tele)?phone|mobile|cell|fax|call|mob|ph)[ _]?(?:no|num|number)?[.:：=\"']*"
    r"|(?<![A-Za-z])[tm][.:：])\s?-?$",
    re.IGNORECASE,
)
_LETTERS_END = re.compile(r"[A-Za-z0-9][-_/.]?$|[#№_=$¥￥€£]\s?$|(?:^|\s)-$")
_AMOUNT_AFTER = re.compile(
    r"\s?(?:元|人|名|位|行|页|万|亿|美元|个|次|条|字节|bytes?\b|rows?\b|usd\b|dollars?\b|%|°|ms\b|km\b|kg\b)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_DIGITS = re.compile(r"\d+")
_TOGETHER = re.compile(r"(?:\+?86)?1\d{10}")
_DIGITS_AFTER = re.compile(r"[ \-]{1,2}\d{3,5}(?!\d)")
_DIGIT_BEFORE = re.compile(r"\d(?:[ \-]{1,3}|\.)$")
_FEWEST_DIGITS = 7
# The expressions above are slow over a whole row, so they run only where enough digits stand together.
_STRETCH = re.compile(r"[0-9+(][0-9 ().+\-]{5,}")
_ISO_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d([-.])[01]?\d\1[0-3]?\d(?!\d)")
_ROOM_FOR_EXTENSION = 16


def find(text: str) -> Iterator[PiiMatch]:
    taken = 0
    for stretch in _STRETCH.finditer(text):
        if len(_DIGIT.findall(_ISO_DATE.sub("", stretch.group()))) < _FEWEST_DIGITS:
            continue
        start, stop = stretch.start(), stretch.end() + _ROOM_FOR_EXTENSION
        spans = [*_chinese(text, start, stop), *_international(text, start, stop), *_national(text, start, stop)]
        for span in sorted(spans, key=lambda span: (span[0], -span[1])):
            if taken <= span[0] < stretch.end():
                yield PiiMatch("phone", *span, text[slice(*span)])
                taken = span[1]


def _chinese(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    for match in _CHINESE.finditer(text, start, stop):
        said = _said(text, match.start(), match.end())
        if said is False or (said is None and (match["compact"] or _is_a_part(text, match.start(), match.end()))):
            continue
        yield match.span()


def _international(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    for match in _PLUS.finditer(text, start, stop):
        said = _said(text, match.start(), match.end())
        if said is False or (said is None and _is_a_part(text, match.start(), match.end())):
            continue
        if said is None and match.group().isdecimal():  # 00 begins other numbers too
            continue
        end = _longest(text, match.start(), match.end())
        if end is not None:
            is_open = ")" in text[match.start() : end] and "(" not in text[match.start() : end]
            yield match.start() - (is_open and text[match.start() - 1 : match.start()] == "("), end


def _longest(text: str, start: int, end: int) -> int | None:
    """Where the number that begins with + or 00 ends: a date or price may follow it without a comma."""
    possible = None  # numbers kept free for films are not valid, but who writes + means a number
    ends = [group.end() for group in _DIGITS.finditer(text, start, end)]
    for stop in reversed(ends):
        number = re.sub(r"^00 ?", "+", text[start:stop])
        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return stop
        if possible is None and phonenumbers.is_possible_number(parsed):
            possible = stop
    return possible


def _national(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    for match in _GROUPED.finditer(text, start, stop):
        begin, end = match.span()
        if match.group().startswith("(") and ")" not in match.group():  # a number in brackets
            begin += 1
        number = text[begin:end]
        n_digits = sum(map(len, _DIGITS.findall(number)))
        if not 8 <= n_digits <= 17:
            continue
        said = _said(text, begin, end)
        if said is False or (said is None and _is_a_part(text, begin, end)):
            continue
        is_american = _NORTH_AMERICAN.match(number) is not None
        if (
            (is_american and _is_valid(number, ("US",), or_possible=bool(said) or not _SPACED.fullmatch(number)))
            or _has_national_shape(number)
            or (said and n_digits <= 13 and _is_valid(number, _REGIONS))
        ):
            yield begin, end


def _is_a_part(text: str, start: int, end: int) -> bool:
    """Whether more digits stand beside: a part of a long number in groups is no phone number.

    Eleven digits together are a number of their own, as in the row of a table.
    """
    if _TOGETHER.fullmatch(text, start, end):
        return False
    before = _DIGIT_BEFORE.search(text, max(0, start - 4), start)
    return before is not None or _DIGITS_AFTER.match(text, end) is not None


def _has_national_shape(number: str) -> bool:
    shape = tuple(map(len, _DIGITS.findall(number)))
    regions = tuple(region for region, shapes in _SHAPES.items() if shape in shapes)
    return number.lstrip("(").startswith("0") and _is_valid(
        number, regions, or_possible=_FOR_FILMS.match(number) is not None
    )


def _is_valid(number: str, regions: tuple[str, ...], *, or_possible: bool = False) -> bool:
    for region in regions:
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number_for_region(parsed, region):
            return True
        if or_possible and phonenumbers.is_possible_number(parsed):
            return True
    return False


def _said(text: str, start: int, end: int) -> bool | None:
    """What the words around say; letters or a sign stuck to the number make it part of something else."""
    before = words_before(text, start)
    if _LETTERS_END.search(before) and not _PHONE_WORD_END.search(before):
        return False
    if _AMOUNT_AFTER.match(text, end):
        return False
    if _PHONE_WORD_END.search(before):
        return True
    return _WORDS.verdict(text, start, end)
