"""Secrets that somebody typed on the command line: no message may repeat them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ttc.redact import Secrets, passwords
from ttc.secret_names import NAME_BEFORE_VALUE, is_secret_name, like_a_key, speaks_of_secret

_SHORTEST = 8  # of what stands behind a name that only may be about a secret
_PAIR = re.compile(NAME_BEFORE_VALUE + r"\s*[\"']?([^\s\"',{}\[\]]+)")


def secrets_typed(words: Sequence[str]) -> set[str]:
    """What stands behind names like a key's (`--set backend.api_key=...`, `--password ...`), and
    passwords in URLs.

    Of a variable's name, as `--api-key-env` has it, nothing is taken.
    """
    return set(_found(words))


def _found(words: Sequence[str]) -> Iterator[str]:
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        name, equals, value = word.lstrip("-").partition("=")
        if equals:
            yield from _behind(name, value)
        elif word.startswith("--") or before == "--set":
            yield from _behind(name, after)
        for match in _PAIR.finditer(word):
            yield from _behind(match[1], match[2])
        if "://" in word:
            yield from passwords(word)


def _behind(name: str, value: str) -> Iterator[str]:
    last = name.rpartition(".")[2]
    if is_secret_name(last) or (speaks_of_secret(name) and len(value) >= _SHORTEST):
        yield from {value, value.strip().strip("\"'")}


def without_typed_keys(text: str, words: Sequence[str]) -> str:
    """A message on the command line without what of its words is a key or looks like one."""
    parts = {part for word in words for part in (word, word.partition("=")[2])}
    return Secrets({*secrets_typed(words), *filter(like_a_key, parts)}).hide(text)
