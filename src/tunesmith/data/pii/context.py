"""What the words before a number say it is: a phone and an order number may be the same eleven digits."""

from __future__ import annotations

import re

_CLAUSE_END = re.compile(r"[。；！？;!?\n\r]|(?<!\b[Nn]o)(?<!\b[Nn]r)(?<!\b[Tt]el)(?<!\b[Rr]ef)\.(?=\s)|,(?=\s)|，")
_DIGIT = re.compile(r"\d")
_IS_THE = r"\s?(?:is|was|是|为)(?: the| an?| my| your| our| his| her|你的|我的|您的|他的|她的)?\s?"


def words_before(text: str, start: int, *, window: int = 28) -> str:
    """The part of the clause that stands just before `start`."""
    before = text[max(0, start - window) : start]
    cut = 0
    for match in _CLAUSE_END.finditer(before):
        cut = match.end()
    return before[cut:]


def last_word(pattern: re.Pattern[str], before: str) -> re.Match[str] | None:
    """The match that stands nearest to the end of `before`."""
    words = list(pattern.finditer(before))
    return words[-1] if words else None


class Labels:
    """Words that speak for a kind and words that name something else; the nearest one decides."""

    def __init__(self, *, yes: str, no: str) -> None:
        words = f"(?:(?P<yes>{yes})|(?P<no>{no}))"
        self._words = re.compile(words, re.IGNORECASE)
        self._after = re.compile(rf"{_IS_THE}{words}", re.IGNORECASE)

    def verdict(self, text: str, start: int, end: int | None = None, *, window: int = 28) -> bool | None:
        """True or False by the nearest word before `start` in its clause, else by what is said right after `end`.

        None when there is no such word. A word that already has its number ("order 12, ...") says nothing about the
        next one.
        """
        before = words_before(text, start, window=window)
        word = last_word(self._words, before)
        if word is not None and (word["yes"] is not None or not _DIGIT.search(before, word.end())):
            return word["yes"] is not None
        after = self._after.match(text, end) if end is not None else None
        return None if after is None else after["yes"] is not None


OTHER_NUMBERS = (
    r"(?:订单|运单|快递|物流|流水|交易|发票|工单|合同|批次|产品|商品|货|单据|案件|保单|凭证|参考|序列|追踪|跟踪|条形?码|设备|用户|学|工|"
    r"会员|申请|回执|票据|档案|注册|税|编)(?:编|单|卡|件)?[号码]+"
    r"|订单|运单|工单|保单|单号|编号|编码|序列号|流水号|型号|条码|发票|批号|货号|箱号|票号|卷号|期号|时间戳|专利|版本"
    r"|\b(?:order|invoice|tracking|parcel|waybill|serial|s/?n|sku|isbn|issn|ean|upc|imei|gtin|doi|part|model|batch|lot"
    r"|ticket|case|ref|reference|receipt|transaction|txn?|shipment|purchase|po|inv|item|product|barcode|confirmation"
    r"|booking|policy|claim|timestamp|hash|commit|build|patent|document|version|id)\b(?:\s+(?:numbers?|no|num|id|code)\b)?"
    r"|(?<![A-Za-z])id(?![A-Za-z])"
    r"|\b(?:customer|member|employee|student|licen[cs]e|badge|registration|application|contract|quote|bill|meter|routing"
    r"|account|voucher|coupon|session|request|job|record|user|device|asset|catalogue?|article|file|permit|certificate)"
    r"\s+(?:numbers?|no|num|id|code)\b|\bvin\b|\brma\b|\bawb\b"
    r"|(?:证|票|箱|批|型|货|序列|流水|案|文|期|架|桌|房|门牌|档案|学籍|准考证|凭证|兑换|验证|邀请|券|编|代)[号码]"
)
