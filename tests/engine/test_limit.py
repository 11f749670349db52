"""The concurrency limit finds what a simulated server can take."""

import heapq
import random
from collections.abc import Callable

import pytest

from ttc.engine.limit import Limit


def play(
    limit: Limit,
    seconds: Callable[[int], float],
    calls: int,
    refuses: Callable[[int], bool] = lambda load: False,
    noise: float = 0.3,
    seed: int = 0,
) -> tuple[float, list[int]]:
    """A client that always has work; calls per second in the second half, limits after each call.

    seconds(load): how long a call takes that starts as the load-th; refuses(load): at once.
    """
    rng = random.Random(seed)
    now, running, limits, half = 0.0, [], [], 0.0
    done = 0
    while done < calls:
        while len(running) < limit.value:
            load = len(running) + 1
            refused = refuses(load)
            takes = 0.01 if refused else seconds(load) * rng.lognormvariate(0, noise)
            heapq.heappush(running, (now + takes, now, load, refused))
        now, started, load, refused = heapq.heappop(running)
        if refused:
            limit.overloaded(started, now)
        else:
            done += 1
            limit.succeeded(max(load, len(running) + 1), now - started, 100)
            if done == calls // 2:
                half = now
        limits.append(limit.value)
    return (calls - calls // 2) / (now - half), limits


def late(limits: list[int]) -> list[int]:
    return limits[len(limits) // 2 :]


def test_a_server_that_takes_all_gets_all_at_once():
    limit = Limit(64)
    rate, limits = play(limit, lambda load: 0.05, 2000, noise=0.0)
    assert rate == pytest.approx(64 / 0.05, rel=0.03)
    assert limits.index(64) < 400


@pytest.mark.parametrize("noise", [0.0, 0.3, 0.8])
def test_a_batching_server_is_filled_though_it_slows_down(noise):
    """Continuous batching: a call takes longer in company, but all together get more done."""
    limit = Limit(128)
    _, limits = play(limit, lambda load: 1 + load / 64, 8000, noise=noise)
    assert sum(late(limits)) / len(late(limits)) > 100


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_full_server_gets_no_queue_that_earns_nothing(noise):
    """Beyond 16 calls it only queues: the limit stays low and the rate at its best."""
    limit = Limit(256)
    rate, limits = play(limit, lambda load: max(1.0, load / 16), 20000, noise=noise)
    assert rate > 0.9 * 16 / (1.05 if noise else 1)
    assert sum(late(limits)) / len(late(limits)) < 128


def test_a_server_that_refuses_is_not_pressed():
    """More than 20 calls at a time get 429: few of them do, and the rate stays near the best."""
    limit = Limit(64)
    refused: list[bool] = []

    def refuses(load: int) -> bool:
        refused.append(load > 20)
        return load > 20

    rate, limits = play(limit, lambda load: 1.0, 4000, refuses)
    assert rate > 0.7 * 20
    assert sum(refused) < 0.15 * len(refused)
    assert max(late(limits)) < 32


def test_it_recovers_after_an_overload():
    limit = Limit(32)
    for second in range(20):
        limit.overloaded(second, second + 0.5)
    assert limit.value == 1
    _, limits = play(limit, lambda load: 1.0, 1000)
    assert limits[-1] == 32


def test_calls_of_one_round_trip_shrink_it_once():
    limit = Limit(8)
    for _ in range(8):
        limit.overloaded(started=1.0, now=2.0)
    assert limit.value == 5


def test_unused_room_proves_nothing():
    limit = Limit(64)
    for _ in range(100):
        limit.succeeded(load=2, seconds=1.0, tokens=10)
    assert limit.value == 8


def test_a_fixed_limit_never_moves():
    limit = Limit(16, fixed=True)
    limit.overloaded(0, 1)
    assert limit.value == 16
    play(limit, lambda load: load, 500)
    assert limit.value == 16
