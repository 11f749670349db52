"""Token buckets: no minute gets more than its share, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.engine.buckets import Bucket

rates = st.integers(1, 5000)


def send(bucket: Bucket, amounts: list[float], pauses: list[float]) -> list[tuple[float, float]]:
    """Take the amounts one after the other, each after its pause, as soon as the bucket allows."""
    now, sent = 0.0, []
    for amount, pause in zip(amounts, pauses, strict=True):
        now += pause
        now = max(now, bucket.ready_at(amount, now))
        bucket.take(amount, now)
        sent.append((now, amount))
    return sent


def busiest_minute(sent: list[tuple[float, float]]) -> float:
    # Half open, and shorter by what floating point may move.
    return max(sum(a for t, a in sent if start <= t < start + 60 - 1e-3) for start, _ in sent)


@given(rates, st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_no_minute_gets_more_requests_than_allowed(per_minute, pauses):
    sent = send(Bucket(per_minute, 0), [1.0] * len(pauses), pauses)
    assert busiest_minute(sent) <= per_minute


@given(
    rates,
    st.lists(st.tuples(st.floats(1, 20_000), st.floats(0, 30)), min_size=1, max_size=60),
)
def test_a_minute_has_at_most_one_large_call_too_many(per_minute, calls):
    amounts, pauses = [a for a, _ in calls], [p for _, p in calls]
    sent = send(Bucket(per_minute, 0), amounts, pauses)
    assert busiest_minute(sent) <= per_minute + 1 + max(amounts)
    # In the long run only the very last call can be ahead of the rate.
    span = sent[-1][0]
    assert sum(amounts[:-1]) <= Bucket(per_minute, 0).size + span * per_minute / 60 + 1e-3


def test_the_rate_is_used_fully():
    sent = send(Bucket(600, 0), [1.0] * 1000, [0.0] * 1000)
    assert sent[-1][0] == pytest.approx(100, rel=0.03)
    assert [t for t, _ in sent].count(0.0) == 10, "a burst is a second's worth"


def test_what_was_not_used_comes_back():
    bucket = Bucket(6000, 0)
    bucket.take(1000, 0)
    waiting = bucket.ready_at(100, 0)
    bucket.put_back(900, 0)
    assert bucket.ready_at(100, 0) < waiting / 5
    bucket.put_back(1e9, 0)
    assert bucket.ready_at(100, 0) == 0
    bucket.take(100, 0)
    assert bucket.ready_at(1, 0) > 0, "a bucket is never fuller than full"


def test_idle_time_fills_no_more_than_the_bucket():
    bucket = Bucket(60, 0)
    bucket.take(1, 0)
    assert bucket.ready_at(1, 1000) == 1000
    bucket.take(1, 1000)
    assert bucket.ready_at(1, 1000) == pytest.approx(1001)
