"""Samples that can't be had: why, how many, and what would help."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from ttc.core import Completion, Role
from ttc.redact import redact

log = logging.getLogger(__name__)
TOO_LONG = "context_length"
"""The reason of samples whose prompt, with what it was to be answered by, is too long."""
MOST = 16
"""Problems of which nothing but failures came: that is no matter of the problems any more."""
GAVE_UP = "gave_up"
"""The reason of samples whose call failed again and again, where the run was told to go on."""
REFUSED = "refused"
"""The reason of samples whose call the server refused, though it answers others."""
UNSURE = (GAVE_UP, REFUSED)
"""Reasons that may be the server's after all, if nothing good comes after them."""

_SUM = re.compile(r"(?<!\d)(?P<prompt>\d{1,12}) \+ \d{1,12} > (?P<limit>\d{1,12})")
_LIMIT = re.compile(
    r"(?:context[ _](?:length|limit|size|window)|the context of \S+ holds|context holds"
    r"|must be <=)(?: of \S+)?(?: is| of|:)?[ (]{1,3}(\d{1,12})",
    re.IGNORECASE,
)
_PROMPT = re.compile(
    r"(?<!\d)(\d{1,12})(?: tokens)? (?:in (?:your|the) (?:prompt|messages?|input)|from the input"
    r"|(?:input|prompt|`inputs`) tokens)"
    r"|(?:prompt has|messages resulted in|request \(|requested tokens \()\s?(\d{1,12})",
    re.IGNORECASE,
)
_TOO_MANY_ASKED = re.compile(
    r"max_(?:completion_|new_|output_)?tokens\W.{0,60}(?:too (?:large|high|big|many)|exceeds?"
    r"|valid range)",
    re.IGNORECASE,
)
_WHICH = {"solver": "sampler.max_tokens", "verifier": "the verifier's max_tokens"}
_LONGER = "serve the model with a longer context"
_FIXES = {
    "content_filter": "leave such problems out, or ask a model or provider without this filter",
    "invalid_prompt": "mend the problem's text",
    REFUSED: "mend what the server names, or leave such problems out",
    GAVE_UP: "when the server is mended, engine.retry_failed: true asks for them again",
}


@dataclass
class Tally:
    """Failed samples of one reason. example: the server's words for one of them, without keys."""

    samples: int = 0
    from_journal: int = 0
    example: str = ""
    fix: str = ""


class Failures:
    """Every failed sample of a run, once, however often it is met."""

    def __init__(self) -> None:
        self.by_reason: dict[str, Tally] = {}
        self._seen: set[bytes] = set()
        self._told: set[tuple[str, str]] = set()

    @property
    def samples(self) -> int:
        return sum(tally.samples for tally in self.by_reason.values())

    def saw(self, key: bytes, failed: Completion, role: Role, *, cached: bool) -> None:
        """A sample failed, now or (cached) in an earlier run."""
        if key in self._seen:
            return
        self._seen.add(key)
        tally = self.by_reason.setdefault(failed.finish_reason, Tally())
        tally.samples += 1
        tally.from_journal += cached
        fix = advice(failed.finish_reason, failed.error, role)
        if not tally.example:
            tally.example, tally.fix = redact(failed.error), fix
        if (failed.finish_reason, fix) not in self._told:
            self._told.add((failed.finish_reason, fix))
            log.warning(
                "samples fail (%s): %s; %s", failed.finish_reason, redact(failed.error), fix
            )


def advice(reason: str, said: str, role: Role) -> str:
    """What would help against a failure. said: the server's words."""
    if reason != TOO_LONG:
        return _FIXES.get(reason, "see what the server says")
    fits, asked = prompt_fits(said), _WHICH.get(role, f"max_tokens of the {role}")
    if fits is None:
        return f"lower {asked}, choose shorter prompts, or {_LONGER}"
    return f"lower {asked} or {_LONGER}" if fits else f"choose shorter prompts or {_LONGER}"


def prompt_fits(said: str) -> bool | None:
    """Whether a prompt fits the context without its answer, by the server's words; None: unclear.

    Most servers refuse a call when its prompt and its max_tokens together are beyond their context.
    """
    if both := _SUM.search(said):
        return int(both["prompt"]) < int(both["limit"])
    limit, prompt = _LIMIT.search(said), _PROMPT.search(said)
    if limit and prompt:
        return int(prompt[1] or prompt[2]) < int(limit[1])
    return True if _TOO_MANY_ASKED.search(said) else None
