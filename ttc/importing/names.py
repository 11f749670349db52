"""Which key or column of foreign data holds what."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from ttc.errors import DataError
from ttc.importing.trail import Trail
from ttc.words import nearest

_SOLUTION = (
    *("text", "answer", "correct", "tokens", "prompt_tokens", "finish_reason"),
    *("mean_logprob", "returned", "steps", "first_wrong_step", "confidence", "step_confidences"),
)
_VERIFICATION = (
    *("text", "verdict", "p_yes", "score", "tokens", "prompt_tokens", "verifier"),
    *("step_scores", "first_wrong_step"),
)

# Name of ours -> the key in JSON lines, unless the user says otherwise.
JSON_NAMES: dict[str, str] = {
    "problem.id": "problem_id",
    "problem.question": "question",
    "problem.answer": "answer",
    "problem.choices": "choices",
    "problem.metadata": "metadata",
    "problem.solutions": "solutions",
    **{f"solution.{name}": name for name in _SOLUTION},
    "solution.verifications": "verifications",
    **{f"verification.{name}": name for name in _VERIFICATION},
}
# The same for the columns of plain tables.
TABLE_NAMES: dict[str, str] = {
    "problem.id": "problem_id",
    "problem.question": "question",
    "problem.answer": "gold_answer",
    "problem.choices": "choices",
    **{f"solution.{name}": name for name in _SOLUTION},
    "solution.index": "solution_index",
    "verification.problem": "problem_id",
    "verification.solution": "solution_index",
    "verification.index": "verification_index",
    **{f"verification.{name}": name for name in _VERIFICATION},
}


class Names:
    """Our names (`solution.text`) and what they are called in the data."""

    def __init__(
        self, defaults: Mapping[str, str], mapping: Mapping[str, str], trail: Trail | None = None
    ) -> None:
        self.trail = trail or Trail()
        self.mapped = {_full_name(key, defaults): value for key, value in mapping.items()}
        self._names = {**defaults, **self.mapped}
        self._unseen = dict(self.mapped)

    def __getitem__(self, name: str) -> str:
        return self._names[name]

    def of(self, noun: str) -> list[str]:
        """Our full names of one noun."""
        return [name for name in self._names if name.partition(".")[0] == noun]

    def saw(self, name: str) -> None:
        """Note that the data has something under a name."""
        self._unseen.pop(name, None)

    def refuse_unseen(self, place: str) -> None:
        """Raise `DataError` for a name the user mapped to a key that the data never has."""
        for name, theirs in self._unseen.items():
            raise DataError(f"{place}: mapping of {name}: nothing has the key {theirs!r}")


class Record:
    """A JSON object or a table row seen through our names of one noun, with its place.

    inside: where the object stands in the record, such as `solutions[].`, for the trail.
    """

    def __init__(
        self, values: Mapping[str, Any], names: Names, noun: str, place: str, inside: str = ""
    ) -> None:
        self._values = values
        self._inside = inside
        self._names = names
        self._noun = noun
        self.place = place

    def get(self, name: str) -> Any:
        """The value under a name of ours, None where there is none."""
        full = f"{self._noun}.{name}"
        if self._names[full] not in self._values:
            return None
        self._names.saw(full)
        self._names.trail.took(full, self._inside + self._names[full])
        return self._values[self._names[full]]

    def mapped(self, name: str) -> bool:
        """Whether the user said which key it is."""
        return f"{self._noun}.{name}" in self._names.mapped

    def where(self, name: str) -> str:
        """Place of a value, for messages."""
        return f"{self.place}: {self._names[f'{self._noun}.{name}']}"

    def require(self, name: str) -> Any:
        """As `get`. Raises `DataError` where the key is missing."""
        key = self._names[f"{self._noun}.{name}"]
        if key not in self._values:
            tail = hint(key, self._values) or f"; has {_listed(self._values)} (--map names another)"
            raise DataError(f"{self.place}: lacks {key!r}{tail}")
        return self.get(name)

    def rest(self) -> dict[str, Any]:
        """What is under no name of ours."""
        known = set(self._known())
        return {key: value for key, value in self._values.items() if key not in known}

    def leave_rest(self) -> None:
        """Tell the trail of the keys that are under no name of ours."""
        self._names.trail.left(self._inside + str(key) for key in self.rest())

    def _known(self) -> list[str]:
        return [self._names[name] for name in self._names.of(self._noun)]

    def refuse_misspelt(self) -> None:
        """Raise `DataError` for a key that is nearly one of ours, where ours is missing.

        Other keys may stand: foreign data often knows more than we ask.
        """
        missing = [name for name in self._known() if name not in self._values]
        for key in self._values.keys() - set(self._known()):
            near = difflib.get_close_matches(str(key)[:100], missing, n=1, cutoff=0.85)
            if near:
                raise DataError(f"{self.place}: unknown key {key!r}; did you mean {near[0]!r}?")


def _full_name(key: str, defaults: Mapping[str, str]) -> str:
    """`solution.text` from itself, `verdict` from being the only one of that name."""
    if key in defaults:
        return key
    fits = [name for name in defaults if name.partition(".")[2] == key]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise DataError(f"mapping: {key!r} may mean {' or '.join(fits)}; write it in full")
    known = list(defaults)
    tail = hint(key, known) or f"; known are {', '.join(known)}"
    raise DataError(f"mapping: unknown name {key!r}{tail}")


def _listed(keys: Collection[str]) -> str:
    """Some keys, shortened."""
    return ", ".join(str(key)[:40] for key in list(keys)[:12]) or "nothing"


def hint(word: str, known: Collection[str]) -> str:
    """`; did you mean 'x'?`, or nothing where no name is near."""
    near = nearest(word, list(known))
    return near if near.startswith("; did") else ""
