from __future__ import annotations

import pytest
from tokenizers import Tokenizer, decoders, models

from tunesmith.data.token_bytes import TokenBytes


@pytest.mark.parametrize(
    ("token", "raw"), [("Ġa", b" a"), ("ä½ł", "你".encode()), ("你", "你".encode()), ("ä", b"\xe4")]
)
def test_a_byte_level_token_stands_for_the_bytes_that_tokenizers_decodes(token: str, raw: bytes) -> None:
    tokenizer = Tokenizer(models.BPE({token: 0}, []))
    tokenizer.decoder = decoders.ByteLevel()
    assert TokenBytes(tokenizer)[0] == raw
    assert tokenizer.decode([0], skip_special_tokens=False) == raw.decode(errors="replace")


def test_an_id_beyond_the_vocabulary_has_no_bytes() -> None:
    assert TokenBytes(Tokenizer(models.BPE({"a": 0}, [])))[7] == b""
