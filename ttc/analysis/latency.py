"""Time to answer at a stated concurrency: calls of recorded lengths, scheduled on so many slots.

List scheduling: a call is ready when all calls that it waits for have ended; whenever a slot is
free, it takes the call that has been ready for longest, of those the first. Calls are taken to last
as long as they were recorded to, however many are under way.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from ttc.analysis.estimate import FloatArray


def finish_times(
    seconds: Sequence[float], waits_for: Sequence[Sequence[int]], slots: int
) -> FloatArray:
    """(calls,) seconds until each call has ended.

    seconds: (calls,) how long each takes. waits_for: (calls,) earlier calls, by place, that must
    have ended before it begins. slots: how many may be under way at a time, 1 or more.
    """
    followers: list[list[int]] = [[] for _ in seconds]
    open_ = [len(set(before)) for before in waits_for]
    for call, before in enumerate(waits_for):
        for one in set(before):
            followers[one].append(call)
    ready = [(0.0, call) for call, n in enumerate(open_) if n == 0]
    heapq.heapify(ready)
    free = [0.0] * slots
    ends = np.full(len(seconds), np.nan)
    under_way: list[tuple[float, int]] = []
    while ready or under_way:
        # A call that ends before the next slot is taken may make another one ready before that.
        begin = max(free[0], ready[0][0]) if ready else np.inf
        if under_way and under_way[0][0] <= begin:
            end, call = heapq.heappop(under_way)
            for after in followers[call]:
                open_[after] -= 1
                if open_[after] == 0:
                    heapq.heappush(ready, (end, after))
            continue
        _, call = heapq.heappop(ready)
        ends[call] = begin + seconds[call]
        heapq.heapreplace(free, float(ends[call]))
        heapq.heappush(under_way, (float(ends[call]), call))
    return ends


def makespan(seconds: Sequence[float], slots: int) -> float:
    """Seconds until calls that wait for none of each other have all ended."""
    return float(finish_times(seconds, [()] * len(seconds), slots).max(initial=0.0))
