"""What is personal is found, in both languages; what only looks like it is not."""

from __future__ import annotations

import random
import time

import pytest
from corpus import Sample, checksum_look_alikes, corpus

from tunesmith.data.pii import KINDS, find_pii

EXACT = {"cn_resident_id", "bank_card", "cn_uscc", "iban"}


def kinds(text: str) -> list[tuple[str, str]]:
    return [(match.kind, match.text) for match in find_pii(text)]


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return corpus(20261120, n_per_kind=100)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS)
def test_precision_is_98_and_recall_95_in_100_on_the_corpus(samples: list[Sample], kind: str, language: str) -> None:
    n_hits = n_found = n_wanted = 0
    for sample in samples:
        if sample.language != language:
            continue
        found = {(match.start, match.end) for match in find_pii(sample.text) if match.kind == kind}
        wanted = {(start, end) for name, start, end in sample.spans if name == kind}
        n_hits += len(found & wanted)
        n_found += len(found)
        n_wanted += len(wanted)
    assert n_wanted >= 100
    assert n_hits >= 0.98 * n_found
    assert n_hits >= 0.95 * n_wanted


def test_no_number_with_a_wrong_checksum_and_no_order_number_is_taken_for_one_with_a_right_one() -> None:
    look_alikes = checksum_look_alikes(20261120, 1000)
    false = [(sample.text, found) for sample in look_alikes for found in find_pii(sample.text) if found.kind in EXACT]
    assert false == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我的邮箱是zhang.san@example.com谢谢", [("email", "zhang.san@example.com")]),
        ("写信到：li-4@mail.example.com.cn。", [("email", "li-4@mail.example.com.cn")]),
        ("电话１３８００１３８０００找我", [("phone", "１３８００１３８０００")]),
        ("请打（010）6234 5678转801", [("phone", "（010）6234 5678转801")]),
        ("联系(0)10-62345678或400-820-8820", [("phone", "(0)10-62345678"), ("phone", "400-820-8820")]),
        ("+44 (0)20 7946 0958 ext. 12, please", [("phone", "+44 (0)20 7946 0958 ext. 12")]),
        ("身份证11010519491231002X，请核对", [("cn_resident_id", "11010519491231002X")]),
        ("公司91110108551385082Q盖章", [("cn_uscc", "91110108551385082Q")]),
        ("IBAN GB82 WEST 1234 5698 7654 32 please", [("iban", "GB82 WEST 1234 5698 7654 32")]),
        ("card 4111 1111 1111 1111 exp 12/27", [("bank_card", "4111 1111 1111 1111")]),
        ("card 4539 1488 0343 6467 exp 12/27", [("bank_card", "4539 1488 0343 6467")]),
        ("持护照E12345678入境", [("passport", "E12345678")]),
        ("Passport No. 123456789 expires", [("passport", "123456789")]),
        ("from 192.168.1.7 and 2001:db8::8a2e:370:7334", [("ip", "192.168.1.7"), ("ip", "2001:db8::8a2e:370:7334")]),
        ("postgres://app:s3cr3tpw@db.example.com/x", [("secret", "s3cr3tpw")]),
        ("api_key = 'a8f5f167f44f4964e6c998dee827110c'", [("secret", "a8f5f167f44f4964e6c998dee827110c")]),
    ],
)
def test_every_kind_is_found_in_its_place(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "订单号13800138000已发货",
        "Order no. 415-555-0167",
        "Order 4539148803436467 has shipped",
        "version 1.2.3.4 and nginx/1.18.0.2",
        "升级到v10.2.13.4",
        "netmask 255.255.255.0, localhost 127.0.0.1",
        "at 12:30:45, MAC 00:1a:2b:3c:4d:5e, std::vector",
        "git@github.com:owner/name.git, logo@2x.png, left-pad@1.3.0",
        "ISBN 978-7-111-12345-6 (2024-11-20 10:30:00)",
        "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "token=YOUR_API_KEY_HERE, key: user_profile_settings, sk-learn, sk_SK",
        "坐标39.9042123, 116.4074123，价格￥13800138000",
        "3.14159265358979323846",
    ],
)
def test_look_alikes_are_left_alone(text: str) -> None:
    assert kinds(text) == []


def test_only_the_kinds_asked_for_are_answered() -> None:
    text = "a@example.com 13800138000"
    assert [match.kind for match in find_pii(text, kinds={"phone"})] == ["phone"]


def test_the_checksums_agree_with_python_stdnum() -> None:
    luhn = pytest.importorskip("stdnum.luhn")
    from corpus import bank_card, iban, resident_id, uscc
    from stdnum import iban as stdnum_iban
    from stdnum.cn import ric
    from stdnum.cn import uscc as stdnum_uscc

    from tunesmith.data.pii.bank_card import passes_luhn
    from tunesmith.data.pii.cn_resident_id import is_valid as is_resident_id
    from tunesmith.data.pii.cn_uscc import is_valid as is_uscc
    from tunesmith.data.pii.iban import is_valid as is_iban

    rng = random.Random(7)
    for _ in range(300):
        card = bank_card(rng, "en").replace(" ", "").replace("-", "")
        person = resident_id(rng, "zh").replace(" ", "").upper()
        firm = uscc(rng, "zh").upper()
        account = iban(rng, "en").replace(" ", "")
        for place in (None, rng.randrange(4, 15)):
            if place is not None:
                card, person, firm, account = (
                    text[:place] + str((int(text[place]) + 1) % 10 if text[place].isdigit() else 1) + text[place + 1 :]
                    for text in (card, person, firm, account)
                )
            assert passes_luhn(card) == luhn.is_valid(card)
            assert is_iban(account) == stdnum_iban.mod_97_10.is_valid(account[4:] + account[:4])
            assert is_uscc(firm) == stdnum_uscc.is_valid(firm)
            if ric.is_valid(person):
                assert is_resident_id(person)
            if is_resident_id(person):
                assert ric.calc_check_digit(person) == person[-1]


@pytest.mark.parametrize(
    "part",
    [
        "1",
        "12 ",
        "1-",
        "a0",
        "a@",
        "(1",
        "+1 ",
        "abcd:",
        "1.",
        "DE89 ",
        "key=",
        "://a:b",
        "eyJ",
        "电话1",
        "13812345678 ",
    ],
)
def test_a_hostile_text_takes_time_in_proportion_to_its_length(part: str) -> None:
    started = time.process_time()
    find_pii(part * (40_000 // len(part)))
    assert time.process_time() - started < 5
