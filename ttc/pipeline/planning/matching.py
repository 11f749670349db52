"""Two methods of which sizes are not told, at sizes that take the same compute."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from ttc.analysis.paired import Arm
from ttc.errors import DataError
from ttc.policies import PolicyPart

Price = Callable[[int, int], float]
"""Tokens of so many solutions of a problem with so many verifications each; NaN if unknown."""


@dataclass(frozen=True)
class Wanted:
    """A method to compare as it was asked for; sizes of None are as the pool allows."""

    policy: PolicyPart
    solutions: int | None = None
    verifications: int | None = None

    @property
    def told(self) -> bool:
        """Whether nothing of its size is left to choose; `first` is always one solution."""
        return self.solutions is not None or self.policy.largest == 1


@dataclass(frozen=True)
class Room:
    """What a pool has for every problem, and what that costs. name: of its run."""

    solutions: int
    verifications: int
    price: Price
    name: str

    @property
    def usual(self) -> int:
        """Half of the solutions, so that each problem is measured twice."""
        return max(1, self.solutions // 2)

    def arm(self, wanted: Wanted, solutions: int, verifications: int | None = None) -> Arm:
        """The method at its own size where that was told, else at this one.

        Raises `DataError` for more than the pool has.
        """
        size = wanted.solutions or min(solutions, wanted.policy.largest or solutions)
        arm = Arm(wanted.policy, size)
        if arm.reads:
            depth = wanted.verifications or verifications or self.verifications
            arm = replace(arm, verifications=depth)
        if arm.solutions > self.solutions or arm.verifications > self.verifications:
            has = f"S = {self.solutions}" + (f", V = {self.verifications}" if arm.reads else "")
            raise DataError(f"{arm} is beyond {self.name}, which has {has} for every problem")
        return arm

    def cost(self, arm: Arm) -> float:
        """Tokens of a problem."""
        return self.price(arm.solutions, arm.verifications)

    def depths(self, wanted: Wanted) -> list[int]:
        """Verifications that a method may have, from all there are down by halves."""
        if wanted.verifications is not None or not wanted.policy.reads_verifications:
            return [wanted.verifications or self.verifications]
        depth = self.verifications
        return [depth >> i for i in range(depth.bit_length())]


def matched(wanted: tuple[Wanted, Wanted], room: Room) -> tuple[Arm, Arm]:
    """Both methods, of equal compute where sizes were left open: in tokens, prompts included.

    Which of them verifies gets as many solutions with all of the verifications, or fewer of those,
    as the other one's size, half of the pool at most, pays for.
    """
    first, second = wanted
    reads = [one.policy.reads_verifications for one in wanted]
    if reads[0] == reads[1] or (first.told and second.told):
        return room.arm(first, room.usual), room.arm(second, room.usual)
    verified, plain = (first, second) if reads[0] else (second, first)
    pair = _pair(plain, verified, room)
    return pair if reads[1] else (pair[1], pair[0])


def _pair(plain: Wanted, verified: Wanted, room: Room) -> tuple[Arm, Arm]:
    """The largest pair within half of the pool, else within all of it; where there is none, what is
    next to one. Of two solutions at least, since there is nothing to select among fewer.
    """
    least = min(2, room.solutions)
    if plain.told:
        known = room.arm(plain, 1)
        for depth in room.depths(verified):
            for size in range(room.usual, least - 1, -1):
                arm = room.arm(verified, size, depth)
                if room.cost(arm) <= room.cost(known):
                    return known, arm
        return known, room.arm(verified, least, room.depths(verified)[-1])
    for most in (room.usual, room.solutions):
        sizes = [verified.solutions] if verified.solutions else range(most, least - 1, -1)
        for depth in room.depths(verified):
            for size in sizes:
                arm = room.arm(verified, size, depth)
                found = _affordable(room, room.cost(arm), most)
                if found is not None:
                    return room.arm(plain, found), arm
    arm = room.arm(verified, verified.solutions or least, room.depths(verified)[-1])
    return room.arm(plain, room.solutions), arm


def _affordable(room: Room, budget: float, most: int) -> int | None:
    """The most solutions without verifications within a budget; None: more than there may be, or
    nobody knows.
    """
    if math.isnan(budget) or room.price(most + 1, 0) <= budget:
        return None
    return max((n for n in range(1, most + 1) if room.price(n, 0) <= budget), default=1)
