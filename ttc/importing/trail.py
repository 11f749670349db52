"""What became of the keys of foreign data: nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ttc.errors import DataError
from ttc.importing import values

_MOST_KEYS = 200  # hostile data may have another key in every record


class Trail:
    """Filled by a reader as it goes.

    read: name of ours -> their keys. unused: keys that nothing was made of, in order of
    appearance. notes: sentences for people, each once. facts: what the data says of itself, such
    as the model. partial: labels between wrong and right. right_from: the grade (0 to 1) from which
    a label says right.
    """

    def __init__(self, right_from: float = 1.0) -> None:
        self.read: dict[str, dict[str, None]] = {}
        self.notes: dict[str, None] = {}
        self.facts: dict[str, Any] = {}
        self.partial = 0
        self._right_from = right_from
        self._left: dict[str, None] = {}
        self._taken: set[str] = set()

    def took(self, name: str, key: str) -> None:
        """Note that `key` was read as `name`."""
        self._taken.add(key)
        keys = self.read.setdefault(name, {})
        if len(keys) < _MOST_KEYS:
            keys[key] = None

    def left(self, keys: Iterable[str]) -> None:
        """Note keys that nothing was made of in one record."""
        for key in keys:
            if len(self._left) < _MOST_KEYS:
                self._left.setdefault(key)

    def note(self, text: str) -> None:
        """Keep a sentence for people."""
        self.notes.setdefault(text)

    @property
    def unused(self) -> list[str]:
        """Keys that nothing was made of in any record."""
        return [key for key in self._left if key not in self._taken]

    def right(self, value: Any, place: str) -> bool | None:
        """The label in a value: C, 1, true ... are right; a grade between 0 and 1 is partial."""
        grade = values.grade(value, place)
        if grade is None:
            return None
        self.partial += 0 < grade < 1
        return grade >= self._right_from


class Keys:
    """A foreign object whose reader says which keys it takes; `close` tells the trail the rest."""

    def __init__(self, held: Mapping[str, Any], place: str, trail: Trail, inside: str = "") -> None:
        self.held = held
        self.place = place
        self._trail = trail
        self._inside = inside
        self._seen: set[str] = set()

    def get(self, key: str, name: str) -> Any:
        """The value under a key, which is read as `name`; None where there is none."""
        self._seen.add(key)
        if key not in self.held:
            return None
        self._trail.took(name, self._inside + key)
        return self.held[key]

    def first(self, keys: Iterable[str], name: str) -> tuple[str, Any]:
        """The first of several keys that is there, and its value; empty and None without any."""
        for key in keys:
            if key in self.held:
                return key, self.get(key, name)
        return "", None

    def require(self, key: str, name: str) -> Any:
        """As `get`. Raises `DataError` where the key is missing."""
        if key not in self.held:
            raise DataError(f"{self.place}: lacks {self._inside + key!r}")
        return self.get(key, name)

    def where(self, key: str) -> str:
        """Place of a value, for messages."""
        return f"{self.place}: {self._inside}{key}"

    def inner(self, key: str) -> Keys:
        """The object under a key, empty where there is none. Raises `DataError` for another."""
        self._seen.add(key)
        held = self.held.get(key)
        if held is not None and not isinstance(held, Mapping):
            values.refuse(held, self.where(key), "an object")
        return Keys(held or {}, self.place, self._trail, f"{self._inside}{key}.")

    def rest(self, name: str) -> dict[str, Any]:
        """What was not asked for, kept as `name`."""
        return {str(key): self.get(key, name) for key in list(self.held) if key not in self._seen}

    def close(self) -> None:
        """Tell the trail which keys nothing was made of."""
        self._trail.left(f"{self._inside}{key}" for key in self.held if key not in self._seen)
