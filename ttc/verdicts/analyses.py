r"""A step's analysis as GenPRM writes it (arXiv 2504.00891), and the reward of its judgement.

    <analyze> ... </analyze> <verify> ```python ... ``` </verify> [Code Output] ...
    <output> **Judgement**: $\boxed{Yes}$ </output>

Whoever reads runs the program and puts its output in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ttc.core import Executed, TokenLogprob
from ttc.verdicts.boxed import boxed_yes_no
from ttc.verdicts.text import Verdict
from ttc.verdicts.tokens import masses, masses_at, share_of_yes
from ttc.verdicts.two_words import YES_NO, said_by

VERIFY_ENDS = "</verify>"
FORCED = "<output>\n**Judgement**: $\\boxed{"
_VERIFY, _ANALYZED, _OUTPUT = "<verify>", "</analyze>", "<output>"
_CODE = re.compile(r"```(?:python|py)?[^\S\n]{0,8}\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)
_LONGEST = 2000  # characters of a program's output that are put in


def program_in(text: str) -> str | None:
    """The program of a `<verify>` that the text ends in, which is yet to be closed; None without.

    Of several blocks of code the last one is it.
    """
    at = text.rfind(_VERIFY)
    if at < 0 or text.find(VERIFY_ENDS, at) >= 0:
        return None
    blocks = _CODE.findall(text, at)
    return str(blocks[-1]) if blocks else None


def code_output(done: Executed) -> str:
    """What is put in behind a program's `</verify>`: what it printed, and how it failed."""
    said = done.stdout.rstrip()
    if not done.succeeded:
        why = (done.stderr.strip().splitlines() or [""])[-1] if done.ended == "exit" else done.ended
        failure = f"stopped: {why}" if done.ended != "exit" else why
        said = f"{said}\n{failure}".strip()
    cut = said if len(said) <= _LONGEST else f"{said[:_LONGEST]} ..."
    return f"[Code Output]\n```\n{cut}\n```\n"


def analysis_of(text: str) -> str:
    """What stands before the first program: what is left to judge by when programs lead nowhere."""
    at = text.find(_VERIFY)
    kept = text if at < 0 else text[:at]
    return kept if not kept or kept.endswith("\n") else f"{kept}\n"


def judgement(text: str) -> Verdict | None:
    r"""The last `\boxed{Yes}` or `\boxed{No}` behind the last `<output>`; None where there is none.

    Without that mark it is the last of all, if it is behind the programs.
    """
    start = max(text.rfind(_OUTPUT), text.rfind(VERIFY_ENDS), 0)
    found = boxed_yes_no(text, start)
    if found is None:
        return None
    says, box = found
    return Verdict(says, box.text.lower(), box.start, box.end)


def reward(text: str, tokens: Sequence[TokenLogprob]) -> float | None:
    """p(Yes) / (p(Yes) + p(No)) at the judgement of a text; None where it has none.

    Where its tokens don't tell (see `share_of_yes`), 1 for a Yes and 0 for a No.
    """
    found = judgement(text)
    if found is None:
        return None
    at = masses_at(found, text, tokens)
    share = None if at is None else share_of_yes(at, found.says)
    return float(found.says) if share is None else share


def forced_reward(text: str, tokens: Sequence[TokenLogprob]) -> float:
    """The same where the text begins with the judgement; without one, 0.5."""
    at = masses(tokens[0], *YES_NO) if tokens else None
    share = None if at is None else share_of_yes(at, said_by(tokens[0], YES_NO))
    if share is not None:
        return share
    word = re.match(r"\s*(yes|no)\b", text, re.IGNORECASE)
    return float(word[1].lower() == "yes") if word else 0.5
