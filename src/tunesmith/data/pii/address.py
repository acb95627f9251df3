"""Postal addresses down to the house: Chinese ones by their units, American and British ones by street and number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tunesmith.data.pii.match import PiiMatch

_PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|"
    "青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_NUMBER = r"[0-9一二三四五六七八九十百]{1,5}"
_CHINESE = re.compile(
    rf"(?:(?:{_PROVINCES})(?:省|市|(?:维吾尔|壮族|回族)?自治区|特别行政区)?|(?<![一-龥])|(?<=[在于到至址住]))"
    r"(?:[一-龥]{2,4}?(?:市|自治州|地区))?(?:[一-龥]{1,5}?(?:区|县|旗|市))?(?:[一-龥]{1,5}?(?:街道|镇|乡))?"
    r"[一-龥]{1,8}?(?:大道|大街|路|街|巷|弄|胡同|道|村|里)(?:东段|西段|南段|北段)?"
    rf"{_NUMBER}(?:号院|号楼|号|弄)(?:[0-9A-Za-z一二三四五六七八九十]{{1,4}}(?:号楼|栋|幢|座|单元|层|楼|室|号)){{0,4}}"
)
# Words before an address that the pattern, which cannot tell words apart, takes for a part of it.
_LEAD = re.compile(r"^.*?(?:我住在|住在|我住|位于|寄到|寄往|送到|走到|地址是|家住|我在|第|这里有)")
_SHORTEST = 6
_STREETS = "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Square|Terrace|Close"
_ENGLISH = re.compile(
    rf"(?<![0-9A-Za-z$.,\-])\d{{1,5}}[A-Z]? (?:[NSEW]\.? )?(?:[A-Z][a-z]+ ){{1,3}}(?:{_STREETS})\b\.?"
    r"(?:,? (?:Apt|Apartment|Suite|Unit|Flat)\.? ?#?\w{1,5})?"
    r"(?:, [A-Z][a-z]+(?: [A-Z][a-z]+){0,2})?(?:,? [A-Z]{2} \d{5}(?:-\d{4})?|,? [A-Z]{1,2}\d[\dA-Z]? \d[A-Z]{2})?"
)


def find(text: str) -> Iterator[PiiMatch]:
    for match in _CHINESE.finditer(text):
        lead = _LEAD.match(match.group())
        start = match.start() + (lead.end() if lead else 0)
        if match.end() - start >= _SHORTEST:
            yield PiiMatch("address", start, match.end(), text[start : match.end()])
    for match in _ENGLISH.finditer(text):
        yield PiiMatch("address", match.start(), match.end(), match.group())
