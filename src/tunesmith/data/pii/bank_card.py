"""Payment card numbers: Luhn, the lengths and first digits of the networks, and what stands before them.

One number in ten passes Luhn, so an order number can; first digits and words around tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tunesmith.data.pii.context import OTHER_NUMBERS, Labels
from tunesmith.data.pii.digit_groups import Number, numbers
from tunesmith.data.pii.match import PiiMatch

_SHAPES = frozenset(
    {(n,) for n in range(12, 20)}
    | {
        (4, 4, 4, 4),
        (4, 4, 4, 4, 1),
        (4, 4, 4, 4, 2),
        (4, 4, 4, 4, 3),
        (4, 6, 5),
        (4, 6, 4),
        (4, 4, 4, 3),
        (4, 4, 4, 2),
    }
    | {(6, 13), (6, 10), (6, 12), (4, 15), (4, 12)}
)
# Source: ISO/IEC 7812 issuer ranges as the networks publish them. (first digits, lengths)
_NETWORKS = (
    (re.compile(r"62|81"), {16, 19}),  # UnionPay
    (re.compile(r"4"), {16}),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), {16}),  # Mastercard
    (re.compile(r"3[47]"), {15}),  # American Express
    (re.compile(r"35(?:2[89]|[3-8])"), {16}),  # JCB
    (re.compile(r"6011|64[4-9]|65"), {16}),  # Discover
)
# Real, but too much like other numbers to be told from them without a word.
_RARE_NETWORKS = (
    (re.compile(r"4"), {13, 19}),  # Visa
    (re.compile(r"30[0-5]|3[689]"), {14, 16, 19}),  # Diners Club
    (re.compile(r"5[06-9]|6"), {12, 13, 14, 15, 16, 17, 18, 19}),  # Maestro, RuPay
    (re.compile(r"220[0-4]|9558|9"), {16, 17, 18, 19}),  # Mir, older cards of Chinese banks
    (re.compile(r"35(?:2[89]|[3-8])|6011|64[4-9]|62|65|81"), {17, 18, 19}),
)
# Whoever writes one of these right before a number means a card of whatever network.
_CARD_WORD = re.compile(
    r"(?:卡号|银行卡|信用卡|储蓄卡|借记卡|银联|\bcards?\b|\bvisa\b|\bmaster\s?card\b|\bamex\b|\bmaestro\b)[^0-9。.]{0,14}$",
    re.IGNORECASE,
)
# Four letters and digits at a time: the tail of an account number is no card.
_END_OF_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}\d{2}[ -]?(?:(?!VISA)[0-9A-Z]{4}[ -])*$")
_WORDS = Labels(
    yes=r"银行|信用卡|储蓄卡|借记卡|卡号|\b卡|刷卡|账[户号]|帐[户号]|银联|收款|转账|汇款|支付|付款|工行|建行|农行|中行|招行"
    r"|\bcards?\b|\bvisa\b|\bmaster\s?card\b|\bamex\b|\bunionpay\b|\bdebit\b|\bcredit\b|\bdiners\b|\bmaestro\b|\bdiscover\b"
    r"|\bjcb\b|\bcc\b|\baccount\b|\bcharged?\b|\bpan\b|\bpay\w*\b",
    no=r"\btokens?\b|身份证|证件|\b(?:id|identity|sim|gift|library|business)\s+cards?\b|\bresident\b|学生卡|会员卡|社保卡|"
    + OTHER_NUMBERS,
)


def find(text: str) -> Iterator[PiiMatch]:
    taken = 0
    for number in numbers(text, _SHAPES):
        if number.start < taken or not passes_luhn(number.digits) or _END_OF_IBAN.search(text[: number.start][-40:]):
            continue
        said = _WORDS.verdict(text, number.start, number.end)
        if said is False or not (number.is_whole or (said and _may_be_followed(number))):
            continue
        is_rare = said and (_is_of(number.digits, _RARE_NETWORKS) or _CARD_WORD.search(text[: number.start][-24:]))
        if is_rare or _is_of(number.digits, _NETWORKS):
            taken = number.end
            yield PiiMatch("bank_card", number.start, number.end, text[number.start : number.end])


def _may_be_followed(number: Number) -> bool:
    """4111 1111 1111 1111 123 is a card and its CVV; of UnionPay it would be one number of 19 digits."""
    return number.is_first and number.digits[0] in "2345"


def passes_luhn(digits: str) -> bool:
    """Source: ISO/IEC 7812-1, annex B."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _is_of(digits: str, networks: tuple[tuple[re.Pattern[str], set[int]], ...]) -> bool:
    return any(len(digits) in lengths and prefix.match(digits) for prefix, lengths in networks)
