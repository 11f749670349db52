"""The language of a text, by the library py3langid (the extra `constraints`)."""

from __future__ import annotations

from functools import lru_cache

from ttc.errors import MissingExtra


@lru_cache(maxsize=4096)
def language_of(text: str) -> str | None:
    """ISO 639-1 code of the likeliest language; None for a text without letters.

    Capitals are judged as small letters, which the library's models have seen more of. Raises
    `MissingExtra`.
    """
    try:
        import py3langid
    except ImportError:
        raise MissingExtra("telling languages", "constraints") from None
    if not any(character.isalpha() for character in text):
        return None
    return str(py3langid.classify(text.lower())[0])
