"""IP addresses that could be somebody's: not versions, netmasks, loopback or times."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from tunesmith.data.pii.context import Labels
from tunesmith.data.pii.match import PiiMatch

_V4 = re.compile(r"(?<![0-9A-Za-z.\-_])(?:\d{1,3}\.){3}\d{1,3}(?![0-9A-Za-z_])(?!\.\d)(?!-[A-Za-z0-9])")
_V6 = re.compile(
    r"(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f:]{2,30}:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]{2,39})(?![0-9A-Za-z:]|\.\d)"
)
_WORDS = Labels(
    yes=r"\bips?(?:v[46])?\b|地址|主机|服务器|网关|登[录陆]|来自|访问|网络|\bhosts?\b|\bservers?\b|\baddress(?:es)?\b|\bping\b"
    r"|\bgateway\b|\bdns\b|\bclient\b|\blog(?:ged|in)?\b|\bssh\b|\bproxy\b|\bnode\b|\bnetwork\b|https?://",
    no=r"\br?v(?:er(?:sion)?s?)?[.:]?\s*$|\bversions?\b|\breleases?\b|\bfirmware\b|\bdrivers?\b|\bbuild\b|\bupgraded?\b|\bupdated?\b"
    r"|\bsections?\b|\bchapter\b|\bclause\b|\bappendix\b|\bstep\b|\btable\b|\bfigure\b|版本|版|升级|固件|驱动|章|节|第|图|表|条款|附录"
    r"|\boid\b|\bchrome\b|\bfirefox\b|\bpython\b|\bjava\b|\bjdk\b|\bwindows\b|\bandroid\b|\bios\b|\bmacos\b|\blinux\b"
    r"|\bkernel\b|\bsdk\b|\bplugin\b|\bpackage\b|\bmodule\b|\blibrary\b|插件|软件|补丁|\bpatch\b",
)
_VERSION_AFTER = re.compile(r"\s?(?:版|version\b|releases?\b|beta\b|rc\d*\b|build\b)", re.IGNORECASE)
_PART_OF_A_NAME = re.compile(r"[A-Za-z]\s?/$|[A-Za-z]==?$")


def find(text: str) -> Iterator[PiiMatch]:
    if text.count(":") >= 2:
        yield from _find_v6(text)
    yield from _find_v4(text)


def _find_v4(text: str) -> Iterator[PiiMatch]:
    for match in _V4.finditer(text):
        try:
            address = ipaddress.IPv4Address(match.group())
        except ValueError:  # 256 or 01
            continue
        if address.is_loopback or address.is_unspecified or match.group().startswith("255.255."):
            continue
        said = _WORDS.verdict(text, match.start())
        if (
            said is False
            or _VERSION_AFTER.match(text, match.end())
            or _PART_OF_A_NAME.search(text, max(0, match.start() - 3), match.start())
        ):
            continue
        if said is None and all(len(part) == 1 for part in match.group().split(".")):
            continue
        yield PiiMatch("ip", match.start(), match.end(), match.group())


def _find_v6(text: str) -> Iterator[PiiMatch]:
    for match in _V6.finditer(text):
        found = match.group().rstrip(":") if not match.group().endswith("::") else match.group()
        if found.count(":") < 2 or not re.search(r"\d", found):
            continue
        try:
            address = ipaddress.IPv6Address(found)
        except ValueError:  # a time, a MAC address, a C++ name
            continue
        if address.is_loopback or address.is_unspecified or len(found) < 6:
            continue
        yield PiiMatch("ip", match.start(), match.start() + len(found), found)
