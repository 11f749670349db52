"""Routing, breakers, pauses and rates, in simulated time."""

import asyncio
import random
from collections import Counter

import pytest

from ttc.engine.endpoint import Endpoint
from ttc.engine.events import Events
from ttc.engine.router import Router
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError, CallFailed, RetryableError


class World:
    """Servers that take `seconds` for a call; those in `ill` fail, their health check too."""

    def __init__(self, *names, seconds=1.0, **settings):
        self.settings = EngineSettings(**settings)
        self.loop = asyncio.get_running_loop()
        self.endpoints = {n: Endpoint(n, self.settings, self.loop.time()) for n in names}
        self.seconds = seconds
        self.ill = {}
        self.sent = []
        self.checked = []
        self.events = Events()
        self.router = self.another()

    def another(self):
        endpoints = list(self.endpoints.values())
        return Router(endpoints, self.settings.max_outage_s, self.events, self.check)

    async def check(self, name):
        self.checked.append((self.loop.time(), name))
        if name in self.ill:
            raise BackendError(f"{name}: no answer")

    async def call(self, tokens=10, router=None, again=False):
        async def work(lease):
            name = lease.endpoint.name
            self.sent.append((self.loop.time(), name))
            if name in self.ill:
                await asyncio.sleep(0.001)
                raise self.ill[name]
            await asyncio.sleep(self.seconds)
            lease.used, lease.longest = tokens, tokens
            return name

        return await (router or self.router).send(tokens, work, again=again)

    async def stubborn(self, pause=0.1):
        """A call that is tried until it succeeds."""
        for tries in range(100):
            try:
                return await self.call(again=tries > 0)
            except RetryableError:
                await asyncio.sleep(pause)
        raise AssertionError("never succeeded")

    def state(self, name):
        return self.endpoints[name].breaker.state


def down():
    return RetryableError("connection refused")


def test_calls_keep_to_the_ceiling_and_come_in_order(simulated):
    async def play():
        world = World("a", concurrency=2)
        order = []

        async def one(i):
            await world.call()
            order.append((world.loop.time(), i))

        await asyncio.gather(*(one(i) for i in range(6)))
        return order

    assert simulated(play()) == [(1, 0), (1, 1), (2, 2), (2, 3), (3, 4), (3, 5)]


def test_a_retry_goes_before_those_who_have_waited_less_long(simulated):
    async def play():
        world = World("a", concurrency=1)
        first = asyncio.create_task(world.call())
        await asyncio.sleep(0)
        later = [asyncio.create_task(world.call()) for _ in range(3)]
        await asyncio.sleep(0)
        retry = asyncio.create_task(world.call(again=True))
        await first
        await retry
        assert not any(task.done() for task in later)
        await asyncio.gather(*later)

    simulated(play())


def test_two_models_of_one_server_share_its_limit_in_turns(simulated):
    async def play():
        world = World("a", concurrency=2)
        other = world.another()
        done = Counter()

        async def one(name, router):
            await world.call(router=router)
            done[name] += 1

        work = [one("x", world.router) for _ in range(20)] + [one("y", other) for _ in range(20)]
        tasks = [asyncio.create_task(w) for w in work]
        await asyncio.sleep(5.5)
        assert world.endpoints["a"].in_flight == 2
        assert sum(done.values()) == 10
        assert min(done.values()) >= 3, "neither starves"
        await asyncio.gather(*tasks)

    simulated(play())


def test_a_cancelled_wait_leaves_its_place_to_others(simulated):
    async def play():
        world = World("a", concurrency=1)
        tasks = [asyncio.create_task(world.call()) for _ in range(4)]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        await asyncio.sleep(0.5)  # the third gets its place now; it has not woken up yet
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert tasks[3].result() == "a"
        assert world.endpoints["a"].in_flight == 0
        assert world.loop.time() <= 3

    simulated(play())


@pytest.mark.parametrize("after", [0, 0.5, 1.5])
def test_who_goes_away_ends_its_call_and_frees_the_place(simulated, after):
    """Before its first step, in its midst, or when the call went out right after another one."""

    async def play():
        world = World("a", concurrency=1)
        calls = [asyncio.create_task(world.call()) for _ in range(3)]
        await asyncio.sleep(after)
        gone = calls[int(after)]
        gone.cancel()
        others = [call for call in calls if call is not gone]
        await asyncio.gather(*others)
        assert gone.cancelled()
        assert world.endpoints["a"].in_flight == 0
        assert world.loop.time() == pytest.approx(2 + after % 1)

    simulated(play())


def test_the_next_call_goes_out_before_the_answer_is_dealt_with(simulated):
    """A place that is free stays so for no longer than it must."""

    async def play():
        world = World("a", concurrency=1)
        seen = []

        async def one():
            await world.call()
            seen.append(len(world.sent))

        await asyncio.gather(*(one() for _ in range(4)))
        assert seen == [2, 3, 4, 4]

    simulated(play())


def test_the_others_take_over_from_one_that_is_down(simulated):
    async def play():
        world = World("a", "b", "c", concurrency=4)
        world.ill["a"] = down()
        await asyncio.gather(*(world.stubborn() for _ in range(400)))
        assert world.loop.time() < 400 / 8 + 5
        tries = [t for t, name in world.sent if name == "a"]
        assert len(tries) < 20
        assert world.state("a") == "open"
        assert (world.state("b"), world.state("c")) == ("closed", "closed")
        world.ill.clear()
        before = len(world.sent)
        await asyncio.gather(*(world.stubborn() for _ in range(400)))
        share = Counter(name for _, name in world.sent[before:])
        assert world.state("a") == "closed"
        assert share["a"] > 30

    simulated(play())


def test_one_that_is_down_alone_is_waited_for(simulated):
    async def play():
        world = World("a", breaker_failures=3)
        world.ill["a"] = down()
        tasks = [asyncio.create_task(world.stubborn()) for _ in range(30)]
        await asyncio.sleep(60)
        assert world.state("a") == "open"
        sent = len(world.sent)
        assert sent <= 3 + 8, "but for those under way, nothing is sent to a server that is down"
        assert 4 <= len(world.checked) <= 8, "it is asked from time to time"
        world.ill.clear()
        await asyncio.gather(*tasks)
        assert world.state("a") == "closed"
        times = [t for t, _ in world.sent[sent:]]
        assert times[1] >= times[0] + 1, "a single call is the trial"

    simulated(play())


def test_an_outage_ends_the_wait_in_the_end(simulated):
    async def play():
        world = World("a", "b", max_outage_s=120, breaker_failures=3)
        world.ill.update(a=down(), b=down())
        done = await asyncio.gather(*(world.stubborn() for _ in range(20)), return_exceptions=True)
        assert all(type(e) is BackendError for e in done)
        assert str(done[0]).startswith("connection refused; connection refused; no server")
        assert "within 120 s" in str(done[0])
        assert "run again" in str(done[0])
        assert 120 <= world.loop.time() < 160
        assert len({id(e) for e in done}) == len(done)

    simulated(play())


def test_a_server_that_answers_its_health_check_but_no_call(simulated):
    async def play():
        world = World("a", breaker_failures=2)

        async def well(name):
            world.checked.append(name)

        world.router._check = well
        world.ill["a"] = down()
        task = asyncio.create_task(world.stubborn())
        await asyncio.sleep(50)
        assert world.state("a") == "open"
        # 2 to open it, then trials after 1, 2, 4, 8, 16 s
        assert len(world.sent) == 2 + 5
        world.ill.clear()
        assert await task == "a"

    simulated(play())


def test_a_wished_pause_holds_all_calls_and_no_longer(simulated):
    async def play():
        world = World("a", concurrency=8)
        world.ill["a"] = RetryableError("slow down", 5.0, "throttled")
        tasks = [asyncio.create_task(world.stubborn()) for _ in range(3)]
        await asyncio.sleep(0.0011)
        world.ill.clear()
        await asyncio.gather(*tasks)
        times = [t for t, _ in world.sent]
        assert times[:3] == [0, 0, 0]
        assert all(t >= 5 for t in times[3:])
        assert world.loop.time() < 7
        assert world.state("a") == "closed", "who refuses is alive"
        assert world.endpoints["a"].state.throttled == 3

    simulated(play())


def test_others_work_while_one_pauses(simulated):
    async def play():
        world = World("a", "b", concurrency=2)
        world.ill["a"] = RetryableError("slow down", 50.0, "throttled")
        await asyncio.gather(*(world.stubborn() for _ in range(20)))
        assert world.loop.time() < 15

    simulated(play())


@pytest.mark.parametrize("down_too", [False, True])
def test_rare_failures_hardly_slow_a_pool_down(simulated, down_too):
    """A dead server beside them must not make those rest that are well but for bad luck."""

    async def play(share):
        dice = random.Random(0)
        names = ("a", "b", "dead") if down_too else ("a", "b")
        world = World(*names, seconds=0.1, concurrency=8)
        if down_too:
            world.ill["dead"] = down()

        async def work(lease):
            if lease.endpoint.name in world.ill or dice.random() < share:
                raise down()
            await asyncio.sleep(world.seconds)
            lease.used, lease.longest = 10, 10

        async def one():
            while True:
                try:
                    return await world.router.send(10, work)
                except RetryableError:
                    await asyncio.sleep(0.1)

        await asyncio.gather(*(one() for _ in range(3000)))
        return world.loop.time()

    assert simulated(play(0.03)) < 1.5 * simulated(play(0.0))


def test_a_pause_beyond_the_longest_outage_is_told_at_once(simulated):
    async def play():
        world = World("a", max_outage_s=60)
        world.ill["a"] = RetryableError("quota is used up", 3600.0, "throttled")
        with pytest.raises(BackendError, match=r"quota is used up.*run again") as caught:
            await world.stubborn()
        assert not isinstance(caught.value, RetryableError)
        assert world.loop.time() < 1

    simulated(play())


def test_requests_per_minute(simulated):
    async def play():
        world = World("a", concurrency=50, requests_per_minute=120)
        await asyncio.gather(*(world.call() for _ in range(300)))
        return [t for t, _ in world.sent]

    times = simulated(play())
    for start in times:
        assert sum(start <= t < start + 59.99 for t in times) <= 120
    assert times[-1] == pytest.approx(150, rel=0.03)


def test_tokens_per_minute_by_what_was_really_used(simulated):
    async def play(used):
        world = World("a", concurrency=50, tokens_per_minute=6000)

        async def work(lease):
            await asyncio.sleep(1)
            lease.used = used

        await asyncio.gather(*(world.router.send(1000, work) for _ in range(60)))
        return world.loop.time()

    assert simulated(play(1000)) == pytest.approx(600, rel=0.05)
    assert simulated(play(100)) == pytest.approx(60, rel=0.3)


def test_rates_of_two_servers_add_up(simulated):
    async def play(*names):
        world = World(*names, concurrency=50, requests_per_minute=60)
        await asyncio.gather(*(world.call() for _ in range(120)))
        return world.loop.time()

    one, two = simulated(play("a")), simulated(play("a", "b"))
    assert two == pytest.approx(one / 2, rel=0.05)


def test_a_refusal_of_one_call_says_nothing_against_the_server(simulated):
    async def play():
        world = World("a", breaker_failures=2)
        world.ill["a"] = CallFailed("too long", "context_length")
        for _ in range(5):
            with pytest.raises(CallFailed):
                await world.call()
        assert world.state("a") == "closed"
        assert world.endpoints["a"].state.calls == 0

    simulated(play())


def test_state_for_displays(simulated):
    async def play():
        world = World("a", concurrency=2, breaker_failures=1)
        changes = []
        world.events.on_change = lambda e: changes.append(world.endpoints["a"].state.state)
        tasks = [asyncio.create_task(world.call()) for _ in range(5)]
        await asyncio.sleep(0.5)
        state = world.endpoints["a"].state
        assert (state.in_flight, state.waiting, state.limit) == (2, 3, 2)
        await asyncio.gather(*tasks)
        assert (state.calls, state.in_flight, state.waiting) == (5, 0, 0)
        assert state.latency_s == pytest.approx(1)
        world.ill["a"] = down()
        with pytest.raises(RetryableError):
            await world.call()
        assert state.retries == 1
        world.ill.clear()
        await world.call()
        assert changes == ["open", "half_open", "closed"]

    simulated(play())
