"""Fixed small vocabularies: greedy longest match, single characters as fallback.

Lossless over printable ASCII and newline; any other character becomes `<unk>`. Digits are always
single tokens, so numbers of equal length line up; only a score right behind a colon (` 4`) is one
token with its space, in the vocabulary of the judging networks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ttc.nano.vocabulary import (
    BASE,
    CHARACTERS,
    CODE,
    EOS,
    EXTENDED,
    PAD,
    PHRASES,
    SCORES,
    SPECIALS,
    UNK,
)

__all__ = [
    "CHARACTERS",
    "EOS",
    "PAD",
    "PHRASES",
    "SPECIALS",
    "TEXTS",
    "TOKENIZERS",
    "UNK",
    "VOCABULARY",
    "Tokenizer",
    "decode",
    "encode",
]


class Tokenizer:
    """Texts to token ids and back, for one vocabulary."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._ids = {text: i for i, text in enumerate(vocabulary) if i >= len(SPECIALS)}
        longest = sorted(self._ids, key=lambda t: (-len(t), t))
        self._pattern = re.compile("|".join([*map(_pattern, longest), "(?s:.)"]))
        self.texts: tuple[str, ...] = ("", "\ufffd", "", *vocabulary[len(SPECIALS) :])

    def encode(self, text: str) -> list[int]:
        """Token ids of a text; never fails."""
        return [self._ids.get(piece, UNK) for piece in self._pattern.findall(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids; `<unk>` shows as U+FFFD, `<pad>` and `<eos>` as nothing."""
        return "".join([self.texts[i] for i in ids])


def _pattern(text: str) -> str:
    """A score is one only at the start of a text or behind a colon, and not within a number."""
    return rf"(?:\A|(?<=:)){text}(?![0-9])" if text in SCORES else re.escape(text)


VOCABULARY = BASE
TOKENIZERS = {
    "base": Tokenizer(BASE),
    "extended": Tokenizer(EXTENDED),
    "code": Tokenizer(CODE),
}
encode, decode = TOKENIZERS["base"].encode, TOKENIZERS["base"].decode
TEXTS = TOKENIZERS["base"].texts
