"""What a person's word for a row means: its name, a run, or the vote; at a size of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ttc.errors import DataError, UsageError
from ttc.pipeline.comparing.methods import VOTE, Method, Recipe
from ttc.store.run_folder import find_run
from ttc.words import nearest

_SIZE = re.compile(r"@(\d{1,9})(?:x(\d{1,9}))?$", re.ASCII)


@dataclass(frozen=True)
class Rows:
    """All rows, and every recipe as a whole, by which they may be called.

    whole: of each recipe, with whatever it does best. others: the votes and verifiers of a table
    whose rows are recipes, where they may still be named.
    """

    methods: Sequence[Method]
    recipes: Sequence[Recipe]
    whole: Sequence[Method]
    results: Path
    others: Sequence[Method] = ()

    def baseline(self, word: str | None, option: str = "--baseline") -> Method:
        """The row that others are compared with: None for the first vote, else the first row.

        A run stands for its vote, where it has one. Raises `UsageError` for an unknown word, and
        `DataError` for a size that there is not.
        """
        if word is None:
            return self.methods[0]
        name, size = _sized(word)
        found = self._row(name)
        if found is None:
            place = self._recipe(name)
            if place is None:
                raise self._unknown(option, word)
            own = [one for one in self.methods if one.recipe == place]
            votes = [one for one in self.methods if one.kind == VOTE and self._is_of(one, place)]
            found = (votes or own or [self.whole[place]])[0]
        return found if size is None else _at_size(found, size, self.whole[found.recipe])

    def side(self, word: str, option: str = "--gate") -> Method:
        """A row, or a recipe or run with whatever it does best."""
        name, size = _sized(word)
        place = self._recipe(name)
        found = self._row(name) or (None if place is None else self.whole[place])
        if found is None:
            raise self._unknown(option, word)
        return found if size is None else _at_size(found, size, self.whole[found.recipe])

    def _row(self, name: str) -> Method | None:
        known = (*self.methods, *self.others)
        if name == VOTE:
            return next((one for one in known if one.kind == VOTE), None)
        return next((one for one in known if one.name == name), None)

    def _recipe(self, name: str) -> int | None:
        for i, recipe in enumerate(self.recipes):
            if recipe.name == name or name in recipe.tokens.values():
                return i
        called = [
            i
            for i, recipe in enumerate(self.recipes)
            if any(name in (r.run.recipe_name, r.run.name, r.run.run_id) for r in recipe.runs)
        ]
        if len(called) == 1:
            return called[0]
        try:
            wanted = find_run(name, self.results).path.resolve()
        except DataError:
            return None
        for i, recipe in enumerate(self.recipes):
            if any(one.run.path.resolve() == wanted for one in recipe.runs):
                return i
        return None

    def _is_of(self, method: Method, place: int) -> bool:
        own = {one.run.path for one in self.recipes[place].runs}
        return method.recipe == place or bool(own & {run.path for run in method.runs})

    def _unknown(self, option: str, word: str) -> UsageError:
        known = [one.name for one in (*self.methods, *self.others)]
        known += [one.name for one in self.recipes]
        hint = nearest(word, known)
        return UsageError(f"{option} {word}: neither a row nor one of the runs compared{hint}")


def _sized(word: str) -> tuple[str, tuple[int, int | None] | None]:
    found = _SIZE.search(word)
    if found is None:
        return word, None
    return word[: found.start()], (int(found[1]), int(found[2]) if found[2] else None)


def _at_size(method: Method, size: tuple[int, int | None], whole: Method) -> Method:
    """The cells of one S (and V) only, of the recipe as a whole where the row has none."""
    s, v = size
    shown = f"S={s}" + ("" if v is None else f" V={v}")
    for one in (method, whole):
        places = [
            i
            for i, (own_s, own_v) in enumerate(one.sizes)
            if own_s == s and (own_v or 0) == (v or 0)
        ]
        if places:
            found = one.take(places)
            return replace(found, name=f"{method.name}, {shown}", told=True)
    raise DataError(f"{method.name} has no cell at {shown}; ttc curves shows which there are")
