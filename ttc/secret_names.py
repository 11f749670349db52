"""What looks like a key, a token or a password: by the name that it goes by, or by itself."""

from __future__ import annotations

import re
from itertools import pairwise

_SECRET_NAME = re.compile(
    r"(?:.*_)?(?:(?:api|access|secret|subscription|private|auth|account|master)_?key|key|password|"
    r"passwd|passphrase|secret|authorization|credentials?|cookie|bearer|signature)"
    r"|(?:.*_)?(?:access|api|auth|bearer|hf|id|refresh|secret|security|session)_?token|token|auth"
)
# For messages, which lose little by hiding one value more.
_SPEAKS = re.compile(
    r"(?:^|_)(?:(?:api|access|secret|private|auth|account|master)?_?keys?|(?:access|auth)?token|"
    r"secrets?|passwords?|passwd|passphrase|pass|pwd?|credentials?|authori[sz]ation|auth|bearer|"
    r"cookies?|signature|sig|jwt|sas)(?:$|_(?!env(?:$|_)))"
)
# OpenAI's, which routes requests to caches; ours, which names a field.
_NO_SECRETS = {"cache_key", "prompt_cache_key", "max_tokens_key"}
# From where a run of such characters begins, so linear in any text. Not possessive: Python 3.11.2
# takes such quantifiers wrongly.
NAME_BEFORE_VALUE = r"(?<![\w.-])(?:[^\WA-Za-z]|[.-])*([A-Za-z][\w.-]*)[\"']?\s*[:=]"
"""Pattern of a name, in its first group, that a value follows."""
_NAME_BEFORE_VALUE = re.compile(NAME_BEFORE_VALUE)
# A key is a long run of letters and digits that take turns; words and years are not.
_KEY_RUN, _KEY_TURNS = 16, 3
_KEY_LETTERS = re.compile(r"[\w.+=~-]+", re.ASCII)
_PREFIX = re.compile(
    r"(?:sk|pk|rk|hf|gh[a-z]|github|glpat|xox[a-z]|gsk|r8|xai|pplx|nvapi|dop|key|fw|tgp|csk)[-_]"
    r"|AKIA|ASIA|AIza|eyJ|ya29"
)
_SHORTEST_PREFIXED = 20


def is_secret_name(name: str) -> bool:
    """Whether a field or header is named like a key, a token or a password."""
    plain = _plain(name)
    return plain not in _NO_SECRETS and _SECRET_NAME.fullmatch(plain) is not None


def speaks_of_secret(name: str) -> bool:
    """Whether a name or dotted key path may be about one: a wider net, for what messages quote."""
    steps = (_plain(step) for step in name.split("."))
    return any(step not in _NO_SECRETS and _SPEAKS.search(step) for step in steps)


def mentions_secret(text: str) -> bool:
    """Whether a text, of whatever form, has such a name with a value behind it, or a key itself."""
    if any(speaks_of_secret(match[1]) for match in _NAME_BEFORE_VALUE.finditer(text)):
        return True
    return any(like_a_key(word[0]) for word in _KEY_LETTERS.finditer(text))


def like_a_key(text: str) -> bool:
    """Whether a text looks like a key itself: no word, number or path does."""
    if _KEY_LETTERS.fullmatch(text) is None:
        return False
    if len(text) >= _SHORTEST_PREFIXED and _PREFIX.match(text) and any(map(str.isdigit, text)):
        return True
    return any(_takes_turns(run) for run in re.split(r"[_.-]", text))


def _takes_turns(run: str) -> bool:
    turns = sum(a.isdigit() != b.isdigit() for a, b in pairwise(run))
    return len(run) >= _KEY_RUN and turns >= _KEY_TURNS


def _plain(name: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return snake.lower().replace("-", "_")
