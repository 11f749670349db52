"""A small tree of texts that a model draws and a reward model scores, all of it known exactly.

A text is letters, one a line, each a step; a capital letter ends it. What stands behind a letter in
its line is no part of the path: there the answer may be.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attempts import attempt_of
from readers import Reader

from ttc.attempt.live import LiveAttempt
from ttc.core import Capabilities, Completion, ModelIdentity, Passage, Problem, Prompt
from ttc.samplers import SamplerPart

Chances = Callable[[str], Mapping[str, float]]
"""Of letters so far: what comes next, and how likely."""
Rewards = Callable[[str], float]
"""Of letters so far: the last one's score."""
PRM = {"type": "nano", "model": "nano-prm"}


def even(letters: str, depth: int) -> Chances:
    """A tree in which all texts have so many letters, all as likely."""
    return lambda path: {
        letter.upper() if len(path) == depth - 1 else letter: 1 / len(letters) for letter in letters
    }


def leaves(chances: Chances, path: str = "") -> Iterator[tuple[str, float]]:
    """All whole texts, by their letters, and how likely they are."""
    for letter, p in chances(path).items():
        if letter.isupper():
            yield path + letter, p
        else:
            yield from ((leaf, p * q) for leaf, q in leaves(chances, path + letter))


def text_of(letters: str) -> str:
    return "\n".join(letters)


def letters_of(text: str) -> str:
    return "".join(line[:1] for line in text.splitlines())


class TreeModel:
    """Draws letters by chance, or each in turn: then so many samples are all there are.

    answer: of a whole text's letters, what stands behind the last one.
    """

    def __init__(
        self,
        chances: Chances,
        in_turn: bool = False,
        answer: Callable[[str], str] = lambda path: "",
    ) -> None:
        self.chances, self.in_turn, self.answer = chances, in_turn, answer
        self.capabilities = Capabilities(raw=True, prefill=True, stop=True)
        self.identity = ModelIdentity("test", "letters")
        self.asked = 0

    async def sample(
        self, prompt: Prompt, params: Any, n: int, *, problem_id: str, start: int = 0, **_: Any
    ) -> list[Completion]:
        self.asked += n
        return [self._one(prompt, params, problem_id, start + i) for i in range(n)]

    def _one(self, prompt: Prompt, params: Any, problem: str, number: int) -> Completion:
        path = letters_of(prompt.prefill)
        asked = prompt.text or prompt.messages[-1].content
        seed = zlib.crc32(f"{problem} {asked!r} {prompt.prefill!r}".encode())
        rng = np.random.default_rng([seed, number])
        said = ""
        while not said or ("\n" not in params.stop and not said[-1].isupper()):
            options = self.chances(path + said)
            names, p = list(options), np.array(list(options.values()))
            if params.temperature == 0:
                said += names[int(p.argmax())]
            elif self.in_turn:
                said += names[number % len(names)]
            else:
                said += names[int(rng.choice(len(names), p=p / p.sum()))]
        if not said[-1].isupper():
            return Completion(text_of(said), "stop", 5, 2 * len(said), stopped_by="\n")
        text = text_of(said) + self.answer(path + said)
        return Completion(text, "stop", 5, 2 * len(said), stopped_by="")


def searched(
    sampler: SamplerPart,
    chances: Chances,
    rewards: Rewards,
    *,
    in_turn: bool = False,
    of: str = "p",
    answer: Callable[[str], str] = lambda path: "",
) -> tuple[LiveAttempt, TreeModel]:
    """An attempt to search the tree in. of: the problem, from which chance comes."""
    model = TreeModel(chances, in_turn, answer)

    def says(passage: Passage) -> Completion:
        path = letters_of("".join(passage.steps))
        scores = tuple(rewards(path[: i + 1]) for i in range(len(path)))
        return Completion("", "read", 3, 0, scores=scores)

    problem = Problem(of, "which letters?", "")
    models = {"prm": Reader(says), "draft": model, "reviser": model}
    return attempt_of(sampler, problem, model, **models), model


def settings(**more: Any) -> dict[str, Any]:
    return {"prm": PRM, "steps": "line", **more}


def said(attempt: LiveAttempt) -> list[str]:
    """The letters of what an attempt has answered, in order."""
    record = attempt._record
    return [letters_of(record.solutions[a.solution_index].text) for a in record.answers()]


def found(solutions: Sequence[Any]) -> list[str]:
    """The letters of solutions."""
    return [letters_of(one.text) for one in solutions]


def blind(salt: object) -> Rewards:
    """A reward that knows nothing: from 0 to 1, by a hash of the letters."""

    def rewards(path: str) -> float:
        digest = hashlib.blake2b(f"{salt} {path}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    return rewards


def posterior(
    chances: Chances, rewards: Rewards, weigh: Callable[[float], float], product: bool = False
) -> dict[str, float]:
    """What particles draw from in the end: chance times the weight after each step, the last one
    again for each step that the longest text has more. product: of scores up to there.
    """
    whole = dict(leaves(chances))
    longest = max(map(len, whole))
    found = {}
    for leaf, chance in whole.items():
        scores = [rewards(leaf[: i + 1]) for i in range(len(leaf))]
        so_far = list(np.cumprod(scores)) if product else scores
        so_far += [so_far[-1]] * (longest - len(leaf))
        found[leaf] = chance * float(np.prod([weigh(score) for score in so_far]))
    total = sum(found.values())
    return {leaf: one / total for leaf, one in found.items()}
