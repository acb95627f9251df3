"""Which bytes a token stands for, for the two families of tokenizers that language models use."""

from __future__ import annotations

import re

from tokenizers import Tokenizer

_BYTE_FALLBACK = re.compile(r"<0x([0-9A-F]{2})>")
_SPACE = "\u2581"  # SentencePiece's visible space


def _byte_level_alphabet() -> dict[str, int]:
    """GPT-2's printable stand-in for each byte, as character -> byte."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    alphabet = {chr(byte): byte for byte in printable}
    others = [byte for byte in range(256) if byte not in printable]
    alphabet.update({chr(256 + n): byte for n, byte in enumerate(others)})
    return alphabet


class TokenBytes:
    """Looks up the bytes of token ids; a token may hold only part of a character."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._added = {token_id: token.content for token_id, token in tokenizer.get_added_tokens_decoder().items()}
        self._alphabet = _byte_level_alphabet() if "ByteLevel" in repr(tokenizer.decoder) else None

    def __getitem__(self, token_id: int) -> bytes:
        if token_id in self._added:
            return self._added[token_id].encode()
        token = self._tokenizer.id_to_token(token_id)
        if token is None:  # models pad their vocabulary beyond the tokenizer's
            return b""
        if self._alphabet is not None and all(char in self._alphabet for char in token):
            return bytes(self._alphabet[char] for char in token)
        if self._alphabet is not None:  # a token of plain text among the others, as tokenizers' own decoder takes it
            return token.encode()
        if match := _BYTE_FALLBACK.fullmatch(token):
            return bytes.fromhex(match.group(1))
        return token.replace(_SPACE, " ").encode()
