"""Solutions of one problem -> chosen answer, one file per policy.

A policy is its `choose`: which answer class it takes of what was drawn. That is all it needs: its
success over random draws of a pool is estimated by calling it (`estimate`, which exact or faster
estimators override), `ttc show` tells what it picks, and its parameters are its fields.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field, ValidationError

from ttc.analysis.drawn import OF_SOME, OF_VERIFICATIONS, READABLE, Drawn
from ttc.analysis.plurality import plurality
from ttc.errors import PluginError, UsageError
from ttc.plugin_code import code_of
from ttc.plugins import plugin_of
from ttc.registry import Kind, Part, parts
from ttc.terminal import say

if TYPE_CHECKING:
    from ttc.analysis.estimate import Estimate
    from ttc.analysis.problem_view import ProblemView

__all__ = [
    "READABLE",
    "Drawn",
    "PolicyPart",
    "StoppingRule",
    "matching",
    "named",
    "of_recipe",
    "plurality",
    "usual",
]

_UNTOLD = ("type", "name", "tuned")
"""Fields that no label tells: they change no choice."""
USUAL = ("first", "majority", "best_of_n", "weighted_majority", "pessimistic", "oracle")
"""What a pool without a recipe of ours is evaluated by."""


class PolicyPart(Part):
    """Base of policy configs."""

    kind: ClassVar[Kind] = "policy"
    later: ClassVar[frozenset[str]] = frozenset({"tuned"})
    reads: ClassVar[frozenset[str]] = frozenset()
    """What `choose` looks at beside answer classes: names of `READABLE`. A property where it
    depends on the fields."""
    grid: ClassVar[Mapping[str, tuple[float, ...]]] = {}
    """Values of its fields that `ttc tune` tries where it is told none."""
    largest: ClassVar[int | None] = None
    """The S beyond which more solutions change nothing."""
    title: ClassVar[str] = ""
    """What figures and tables for people call it; the type where nothing is given."""
    aliases: ClassVar[tuple[str, ...]] = ()
    """Other names, as papers use them, for the command line."""

    name: str = Field(default="", max_length=100)
    """Label in the tables; the type with what differs from the defaults where none is given."""
    tuned: str = Field(default="", max_length=1000)
    """File of `ttc tune` that its parameters are from: on the problems that these were chosen on it
    is never evaluated."""

    @property
    def label(self) -> str:
        """`pessimistic`, or `pessimistic(alpha=2)`."""
        fields = type(self).model_fields
        told = [
            f"{key}={_short(getattr(self, key))}"
            for key in fields
            if key not in _UNTOLD and getattr(self, key) != fields[key].get_default()
        ]
        return self.name or _type_of(type(self)) + (f"({' '.join(told)})" if told else "")

    @property
    def reads_verifications(self) -> bool:
        return bool(self.reads & OF_VERIFICATIONS)

    def can_read(self, given: Collection[str]) -> bool:
        """Whether it can choose where these of `OF_SOME` are given.

        Who chooses by scores chooses among solutions judged alone: the share that one won depends
        on whom it was compared with.
        """
        if self.reads_verifications and ("pairs" in given) != ("pairs" in self.reads):
            return False
        return self.reads & set(OF_SOME) <= set(given)

    def comparisons(self, solutions: int) -> float:
        """How many pairs of so many solutions it has compared, where it reads `pairs`: its cost.

        On average, where that depends on their outcome. All, where nothing else is said.
        """
        return solutions * (solutions - 1) / 2

    def choose(self, drawn: Drawn) -> int:
        """The answer class chosen, -1 for none.

        Of equals take the lowest class number or the first solution: live that is who came first,
        and estimates number classes at random, so that equals share.
        """
        raise NotImplementedError

    def picks(self, drawn: Drawn, right: Collection[int]) -> int:
        """`choose`, but for an oracle: what it picks where these classes are right."""
        return self.checked(drawn)

    def checked(self, drawn: Drawn) -> int:
        """`choose`, known to be a class that was drawn, or -1. Raises `PluginError`."""
        choice = self.choose(drawn)
        whole = isinstance(choice, int | np.integer) and not isinstance(choice, bool)
        if not whole or (choice != -1 and not (choice >= 0 and choice in drawn.classes)):
            of = plugin_of(type(self)) or f"the policy {self.label}"
            raise PluginError(f"{of} chose {choice!r:.40}, which is no answer class that it saw")
        return int(choice)

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate:
        """Success at each S and V of one problem: (len(S), len(V)); V = 0 where it reads none."""
        from ttc.analysis.choosing import by_choice

        found = by_choice(view, solutions, verifications, self.reads, self.checked)
        if "pairs" not in self.reads:
            return found
        each = np.array([self.comparisons(s) / s for s in solutions])
        return replace(found, used_v=np.outer(each, verifications))


class StoppingRule(PolicyPart):
    """A policy that also says when to stop: S is what it draws at most, and cost what it drew.

    Live in `ttc.samplers.adaptive`; on a pool of independent solutions over random orders.
    """

    window: int = Field(default=1, ge=1, le=1_000_000)
    """Solutions drawn between two looks."""

    def enough(self, drawn: Drawn) -> bool:
        """Whether these, in the order in which they came, are enough."""
        raise NotImplementedError

    def used(self, drawn: Drawn) -> int:
        """How many it uses of these, in their order."""
        from ttc.analysis.choosing import stopped

        return stopped(drawn, self.enough, self.window)

    def picks(self, drawn: Drawn, right: Collection[int]) -> int:
        """What it chooses once it has enough."""
        return self.checked(drawn.head(self.used(drawn)))

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate:
        from ttc.analysis.choosing import by_stopping

        how = self.checked, self.enough, self.window
        return by_stopping(view, solutions, verifications, self.reads, *how)


def named(name: str) -> PolicyPart:
    """The policy of a type or an alias, as it is by default. Raises `UsageError`."""
    return matching(name)[0]


def matching(name: str, known: Sequence[PolicyPart] = ()) -> tuple[PolicyPart, ...]:
    """The known policy of that label, else those of that type or alias, else it as by default.

    Raises `UsageError` that names near ones.
    """
    from ttc.words import nearest

    exact = tuple(one for one in known if one.label == name)
    if exact:
        return exact
    words = {word: cls for cls in _classes() for word in (_type_of(cls), *cls.aliases)}
    cls = words.get(name.lower())
    if cls is None:
        raise UsageError(f"no policy {name!r}{nearest(name, [*words, *(p.label for p in known)])}")
    return tuple(one for one in known if type(one) is cls) or (cls(),)


def usual() -> tuple[PolicyPart, ...]:
    """What a pool without a recipe of ours is evaluated by."""
    return tuple(map(named, USUAL))


def of_recipe(
    recipe: Mapping[str, Any], code: Mapping[str, str] | None = None
) -> tuple[PolicyPart, ...]:
    """The policies of a recipe's plain data, as manifests keep it.

    code: of the plug-ins that the run was made with; that it is another now is a warning. Policies
    of plug-ins that are gone, or take other parameters now, are left out with one.
    """
    from ttc.refs import PartRef

    known = []
    for given in recipe.get("policies", ()):
        name = given.get("name") or given.get("type")
        try:
            part = PartRef("policy").validate(given)
        except ValidationError as error:
            why = "; ".join(f"{e['msg']} ({'.'.join(map(str, e['loc']))})" for e in error.errors())
            _warn(f"the run's policy {name!r} is left out (is its plug-in installed?): {why}")
        else:
            assert isinstance(part, PolicyPart)
            _compare(part, code or {})
            known.append(part)
    return tuple(known)


def _compare(policy: PolicyPart, code: Mapping[str, str]) -> None:
    for whose, now in code_of([type(policy)]).items():
        if code.get(whose, now.known) != now.known:
            _warn(
                f"the code of {whose} is not what the run was made with: what is in its tables "
                f"comes from the code before, and what {policy.label!r} is asked now from that of "
                "today; ttc run with its recipe makes a run of today's"
            )


@cache
def _warn(text: str) -> None:
    say(f"Warning: {text}", error=True)


def _classes() -> Iterator[type[PolicyPart]]:
    for cls in parts("policy").values():
        assert issubclass(cls, PolicyPart)
        yield cls


def _type_of(cls: type[Part]) -> str:
    return str(cls.model_fields["type"].default)


def _short(value: object) -> str:
    """A parameter in a label: 2 for 2.0; of a policy inside a policy its own label."""
    if isinstance(value, PolicyPart):
        return value.label
    whole = isinstance(value, float) and value.is_integer()
    return " ".join(str(int(value) if whole else value).split())  # type: ignore[call-overload]
