"""The circuit breaker as a state machine."""

from ttc.engine.breaker import LONGEST_REST_S, Breaker


def opened(failures: int = 3) -> Breaker:
    breaker = Breaker(failures)
    for _ in range(failures):
        breaker.failed(10.0, "boom")
    return breaker


def test_opens_after_failures_in_a_row():
    breaker = Breaker(3)
    for outcome in (False, False, True, False, False):
        if outcome:
            breaker.succeeded()
        else:
            breaker.failed(0.0, "boom")
    assert breaker.state == "closed"
    breaker.failed(7.0, "bang")
    assert (breaker.state, breaker.down_since, breaker.last_error) == ("open", 7.0, "bang")


def test_failures_of_earlier_calls_do_not_prolong_the_rest():
    breaker = opened()
    until = breaker.retry_at
    breaker.failed(10.5, "late")
    assert (breaker.retry_at, breaker.down_since) == (until, 10.0)


def test_failed_trials_double_the_rest_up_to_a_limit():
    breaker, now, rests = opened(), 10.0, []
    for _ in range(8):
        rests.append(breaker.retry_at - now)
        now = breaker.retry_at
        breaker.try_again()
        assert breaker.state == "half_open"
        breaker.failed(now, "still")
    assert rests == [1, 2, 4, 8, 16, 30, 30, 30]
    assert max(rests) == LONGEST_REST_S
    assert breaker.down_since == 10.0


def test_a_success_closes_it_and_forgets():
    breaker = opened()
    breaker.try_again()
    breaker.succeeded()
    assert (breaker.state, breaker.failures) == ("closed", 0)
    for _ in range(3):
        breaker.failed(50.0, "boom")
    assert breaker.retry_at == 51.0


def test_failures_of_few_problems_may_be_their_own():
    breaker = Breaker(3, problems=2)
    for _ in range(9):
        breaker.failed(0.0, "boom", "a")
    assert breaker.state == "closed"
    breaker.succeeded()
    for whose in "bab":
        breaker.failed(0.0, "boom", whose)
    assert breaker.state == "open"
