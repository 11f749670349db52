"""Requests per second of `ttc run` beside a bare httpx loop and beside litellm, in one go.

    python benchmarks/engine_throughput.py [--requests N] [--concurrency C] [--repeats R]

A stub server in a process of its own answers each request after 50 ms. `ttc` is a whole run with
journal (flushed to the disk), ledger, budget, tables, log and status, one sample a request; `httpx`
is a loop that posts the same bodies, keeps nothing, and has as many workers as there may be calls
in flight; `litellm` is `asyncio.gather` over `acompletion`, with a semaphore of that size and
without one. Each runs in a fresh process; repetitions take turns, and ratios are medians of ratios
within a turn, so that a machine with other work to do troubles all alike.

Memory is that of such runs, and, as `steps`, of a method whose every request continues the last one
with all that came before it, 40 for a problem; `samples` has as many for a problem, independent of
each other: what a run keeps of each problem is then the same for both.

By default 32 calls are in flight: the latency then allows 640 requests a second, which one core
just serves by httpx. With more, httpx is its own bottleneck (its pool looks through all connections
at every request) and the comparison would flatter.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

LATENCY = 0.05
SAMPLES = 100  # requests for one problem
STEPS = 40  # of a search, each of which continues the one before
STEP = "So that is step {0}, and it goes on like this for a while. " * 4
PROMPT = "What is two and two, if question {} is not a trick?"
Figures = dict[str, float]


@contextmanager
def measured(requests: int) -> Iterator[Figures]:
    """Seconds, CPU milliseconds per request, and MiB resident at the end of the block."""
    figures: Figures = {}
    began, before = time.perf_counter(), cpu_seconds()
    yield figures
    figures["seconds"] = time.perf_counter() - began
    figures["rate"] = requests / figures["seconds"]
    figures["cpu_ms"] = 1e3 * (cpu_seconds() - before) / requests
    figures["mib"] = resident_mib()


def cpu_seconds() -> float:
    """User and system time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_mib() -> float:
    """Memory that this process holds at the moment, where the system tells it."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def run_ttc(url: str, requests: int, concurrency: int) -> Figures:
    """A whole run; its sampling is measured, from the first word to the server on."""
    return run(url, requests, concurrency, SAMPLES, independent(SAMPLES))


def run_samples(url: str, requests: int, concurrency: int) -> Figures:
    """The same with as many samples of a problem as a search has steps."""
    return run(url, requests, concurrency, STEPS, independent(STEPS))


def independent(solutions: int) -> dict[str, Any]:
    """The sampler of a recipe."""
    return {"type": "independent", "solutions": solutions, "max_tokens": 64, "prompt": "cot"}


def run_steps(url: str, requests: int, concurrency: int) -> Figures:
    """The same by a method whose every request continues the last one."""
    from ttc.core import Ask, Attempt, Prompt, Sample, SamplingParams, Solution
    from ttc.registry import register
    from ttc.samplers import SamplerPart

    @register
    class Steps(SamplerPart):
        """One solution in many steps."""

        type: Literal["benchmark-steps"] = "benchmark-steps"

        async def solve(self, attempt: Attempt) -> Sequence[Solution]:
            last: Sample | None = None
            text = attempt.problem.question
            for step in range(STEPS):
                prompt = Prompt(text=text)
                ask = Ask(prompt, SamplingParams(max_tokens=64), after=last)
                ((last,),) = await attempt.sample(ask)
                text += STEP.format(step) + last.completion.text
            assert last is not None
            return [attempt.solution(last.completion.text, [last])]

    return run(url, requests, concurrency, STEPS, {"type": "benchmark-steps"})


def run(
    url: str, requests: int, concurrency: int, each: int, sampler: Mapping[str, Any]
) -> Figures:
    """A run of so many requests, `each` of them for one problem."""
    import ttc.backends.openai.client  # noqa: F401  (imports are no part of any client's rate)
    from ttc.pipeline.run import run_recipe
    from ttc.recipe import load_recipe

    found: list[Figures] = []

    @contextmanager
    def watch(monitor: object) -> Iterator[None]:
        with measured(requests) as figures:
            yield
        found.append(figures)

    with tempfile.TemporaryDirectory(dir=".") as folder:
        here = Path(folder)
        problems = [
            {"id": f"q{i}", "question": PROMPT.format(i), "answer": "4"}
            for i in range(requests // each)
        ]
        (here / "problems.jsonl").write_text("\n".join(map(json.dumps, problems)))
        recipe = {
            "name": "throughput",
            "results": str(here / "results"),
            "dataset": {"type": "file", "path": str(here / "problems.jsonl")},
            "backend": {"type": "openai", "model": "stub", "base_url": url, "n_per_call": 1},
            "sampler": sampler,
            "policies": ["majority" if sampler["type"] == "independent" else "first"],
            "engine": {
                "concurrency": concurrency,
                "problems_in_flight": 8 if each == SAMPLES else concurrency,
            },
            "budget": {"per_run": {"tokens": 10**12}, "per_problem": {"calls": 10**6}},
        }
        (here / "recipe.yaml").write_text(json.dumps(recipe))
        run_recipe(load_recipe(str(here / "recipe.yaml")), watch)
    return found[0]


def body(number: int) -> dict[str, Any]:
    """What `ttc` sends for a sample."""
    text = PROMPT.format(number // SAMPLES)
    return {
        "model": "stub",
        "messages": [{"role": "user", "content": f"{text}\n\nThink step by step."}],
        "max_tokens": 64,
        "temperature": 0.7,
        "top_p": 1.0,
        "seed": number,
    }


def run_httpx(url: str, requests: int, concurrency: int) -> Figures:
    """Workers that post one body after the other."""
    import httpx

    async def work() -> Figures:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        numbers = iter(range(requests))
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:

            async def one() -> None:
                for number in numbers:
                    reply = await client.post(f"{url}/chat/completions", json=body(number))
                    assert reply.json()["choices"]

            with measured(requests) as figures:
                await asyncio.gather(*(one() for _ in range(concurrency)))
        return figures

    return asyncio.run(work())


def run_litellm(url: str, requests: int, concurrency: int) -> Figures:
    """All calls gathered at once; concurrency 0: nothing holds them back."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    async def work() -> Figures:
        places = asyncio.Semaphore(concurrency or requests)

        async def one(number: int) -> None:
            sent = body(number) | {"model": "openai/stub", "api_base": url, "api_key": "none"}
            async with places:
                reply = await litellm.acompletion(**sent, timeout=600)
            assert reply.choices

        await one(0)  # what it loads lazily is no part of the rate
        with measured(requests) as figures:
            await asyncio.gather(*map(one, range(requests)))
        return figures

    return asyncio.run(work())


CLIENTS: dict[str, Callable[[str, int, int], Figures]] = {
    "ttc": run_ttc,
    "steps": run_steps,
    "samples": run_samples,
    "httpx": run_httpx,
    "litellm": run_litellm,
}


def apart(client: str, url: str, requests: int, concurrency: int) -> Figures:
    """Measure a client in a process of its own."""
    command = [sys.executable, __file__, "--client", client, "--url", url]
    command += ["--requests", str(requests), "--concurrency", str(concurrency)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def compare(url: str, requests: int, concurrency: int, repeats: int) -> None:
    """Print rates, CPU time and ratios."""
    fewer = max(SAMPLES, requests // 10)  # litellm takes several times as long for a request
    plan = {
        "ttc": ("ttc", requests, concurrency),
        "httpx": ("httpx", requests, concurrency),
        "litellm": ("litellm", fewer, concurrency),
        "litellm, all at once": ("litellm", fewer, 0),
    }
    turns: list[dict[str, Figures]] = []
    for _ in range(repeats):
        turns.append({name: apart(c, url, n, most) for name, (c, n, most) in plan.items()})
    print(
        f"{requests:,} requests, {concurrency} in flight, {1e3 * LATENCY:.0f} ms each, {repeats}x"
    )
    print(f"{'client':<22} {'requests/s':>10} {'CPU ms/request':>15} {'ttc is':>8}")
    for name in plan:
        rate, cpu = (statistics.median(t[name][key] for t in turns) for key in ("rate", "cpu_ms"))
        ratio = statistics.median(t["ttc"]["rate"] / t[name]["rate"] for t in turns)
        print(f"{name:<22} {rate:>10.0f} {cpu:>15.2f} {ratio:>7.2f}x")


def memory(url: str, sizes: list[int], concurrency: int) -> None:
    """Print what a run holds in memory after ever more requests, and what one more adds."""
    titles = ("MiB resident after sampling", "over the smallest", "bytes a request more")
    print(f"\n{'client':<8} {'requests':>10} {titles[0]:>28} {titles[1]:>18} {titles[2]:>21}")
    for client in ("ttc", "steps", "samples"):
        found: list[tuple[int, float]] = []
        for requests in sizes:
            mib = apart(client, url, requests, concurrency)["mib"]
            found.append((requests, mib))
            (before, less), (now, more) = found[-2:] if len(found) > 1 else found * 2
            each = f"{2**20 * (more - less) / (now - before):.0f}" if now > before else ""
            line = (
                f"{client:<8} {requests:>10,} {mib:>28.1f} {mib / found[0][1]:>17.2f}x {each:>21}"
            )
            print(line, flush=True)


@contextmanager
def stub() -> Iterator[str]:
    """The server's address."""
    script = Path(__file__).parent / "servers" / "stub.py"
    process = subprocess.Popen(
        [sys.executable, str(script), str(LATENCY)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Measure all clients, or, in a child process, one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory", type=int, nargs="*", default=[2_000, 10_000, 50_000])
    parser.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.client:
        figures = CLIENTS[given.client](given.url, given.requests, given.concurrency)
        print(json.dumps(figures))
        return
    with stub() as url:
        compare(url, given.requests, given.concurrency, given.repeats)
        memory(url, given.memory, given.concurrency)


if __name__ == "__main__":
    main()
