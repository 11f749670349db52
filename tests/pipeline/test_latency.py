"""Time to answer at a stated concurrency: simulated from recorded calls, and measured."""

import asyncio
import json
import threading
import time
from http.server import ThreadingHTTPServer
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from json_server import JsonHandler

from ttc.core import Ask, Prompt, SamplingParams
from ttc.pipeline.latency import answer_latency, at_concurrency, cell_latency
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.samplers import SamplerPart
from ttc.store.attempts import load_attempts

UNIT = 0.2
"""Seconds: so long that what a busy machine adds to a call is little beside it."""


class Slow(JsonHandler):
    """A prompt that ends in `w3` is answered after three units, with three tokens."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        number = body.get("n", 1)
        name, _, units = body["prompt"].rpartition(" w")
        began = time.monotonic()
        time.sleep(UNIT * int(units))
        self.server.spans.setdefault(name, []).append((began, time.monotonic()))
        choice = {"text": "Answer: 1", "finish_reason": "stop"}
        choices = [{"index": i, **choice} for i in range(number)]
        tokens = int(units) * number
        usage = {"prompt_tokens": 3, "completion_tokens": tokens, "total_tokens": 3 + tokens}
        self.reply(200, {"object": "text_completion", "choices": choices, "usage": usage})


@pytest.fixture(scope="module")
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.spans = {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Tree(SamplerPart):
    """Three calls together, then two branches side by side of different length, then one call."""

    type: Literal["tree"] = "tree"

    async def solve(self, attempt):
        def ask(n, units):
            params = SamplingParams(temperature=1.0, max_tokens=9)
            return Ask(Prompt(text=f"{attempt.problem.id} w{units}"), params, n)

        def say(line, rows):
            solution = line.solution(rows[0][0].completion.text, rows[0])
            line.answer(solution)
            return solution

        async def branch(line, steps):
            for units in steps:
                rows = await line.sample(ask(1, units))
            return say(line, rows)

        first = say(attempt, await attempt.sample(ask(2, 1), ask(1, 4)))
        found = await asyncio.gather(*map(branch, attempt.split(0.5, 0.5), [(2, 2), (3,)]))
        return [first, *found, say(attempt, await attempt.sample(ask(1, 1)))]


@pytest.fixture
def ran(server, own_parts, tmp_path):
    own_parts(Tree)

    def ran(concurrency, together=1):
        recipe = {
            "name": f"tree{concurrency}",
            "results": str(tmp_path / f"{concurrency}-{together}"),
            "dataset": {"type": "nano", "family": "arithmetic", "levels": [1], "problems": 3},
            "backend": {
                "type": "openai",
                "base_url": f"http://127.0.0.1:{server.server_port}/v1",
                "model": "m",
            },
            "sampler": {"type": "tree"},
            "policies": ["first"],
            "engine": {
                "concurrency": concurrency,
                "problems_in_flight": 1,
                "n_per_call": together,
                "fingerprint": False,
            },
        }
        return run_recipe(parse_recipe(json.dumps(recipe)))

    return ran


# In units: the first answer, those of the branches (4 long and 3 long), and the last one.
EXPECTED = {1: [6, 13, 11, 14], 2: [5, 9, 8, 10]}


@pytest.mark.parametrize("slots", [1, 2])
def test_calls_of_known_times_are_foretold_to_the_instant(ran, slots):
    """Where each call took just what the server waits, as on a machine that adds nothing."""
    run = ran(9).run
    table = pq.read_table(run.table("samples"))
    units = table.column("completion_tokens").to_numpy()
    place = table.schema.get_field_index("seconds")
    exact = pa.array(units * UNIT, table.schema.field(place).type)
    pq.write_table(table.set_column(place, table.schema.field(place), exact), run.table("samples"))
    foretold = answer_latency(run, slots)
    for _, own in foretold.groupby("problem_id", observed=True):
        assert own["latency"].to_numpy() / UNIT == pytest.approx(EXPECTED[slots], rel=1e-6)
    assert foretold["problem_id"].nunique() == 3


@pytest.mark.slow
@pytest.mark.parametrize("slots", [1, 2])
def test_a_simulation_foretells_what_is_measured_at_this_concurrency(ran, server, slots):
    many = ran(9)
    foretold = answer_latency(many.run, slots)
    worst = []
    for _, own in foretold.groupby("problem_id", observed=True):
        ratios = own["latency"].to_numpy() / UNIT / EXPECTED[slots]
        worst.append(np.abs(ratios - 1).max())
    assert len(worst) == 3
    # A busy machine makes calls longer, of one problem or all: that of the calmest is compared.
    assert min(worst) < 0.25, foretold
    server.spans.clear()
    ran(slots)
    apart = []
    for name, own in foretold.groupby("problem_id", observed=True):
        begins, ends = zip(*server.spans[name], strict=True)
        apart.append(abs(own["latency"].max() / (max(ends) - min(begins)) - 1))
    assert min(apart) < 0.25


@pytest.mark.slow
def test_with_slots_for_all_it_is_the_time_along_the_longest_branch(ran):
    run = ran(9).run
    recorded = pd.read_parquet(run.table("answers")).sort_values(["problem_id", "number"])
    found = answer_latency(run, 99).sort_values(["problem_id", "number"])
    assert found["latency"].to_numpy() == pytest.approx(recorded["latency"].to_numpy())
    loaded = load_attempts(run).arrays
    assert at_concurrency(run, 99).arrays.latency == pytest.approx(loaded.latency)


@pytest.mark.slow
def test_a_request_for_several_samples_takes_its_time_once(ran):
    """Both samples of the first request have half of it: one after another all calls take what all
    samples have, and side by side the simulation says what was recorded.
    """
    run = ran(9, together=2).run
    samples = pd.read_parquet(run.table("samples")).sort_values(["problem_id", "number"])
    in_turn = answer_latency(run, 1).groupby("problem_id", observed=True)["latency"].max()
    for name, own in samples.groupby("problem_id", observed=True):
        first, second = own["seconds"].to_numpy()[:2]
        assert first == second
        assert own["requests"].tolist() == [1, 0, 1, 1, 1, 1, 1]
        assert in_turn[name] == pytest.approx(own["seconds"].sum())
    recorded = pd.read_parquet(run.table("answers")).sort_values(["problem_id", "number"])
    found = answer_latency(run, 99).sort_values(["problem_id", "number"])
    assert found["latency"].to_numpy() == pytest.approx(recorded["latency"].to_numpy())


def test_cells_of_a_pool_are_scheduled_on_so_many_slots(tmp_path, monkeypatch):
    from ttc.store.run_folder import RunFolder

    run = RunFolder(tmp_path)
    frames = {
        "solutions": pd.DataFrame(
            {"problem_id": ["a"] * 3 + ["b"], "solution_index": [0, 1, 2, 0], "seconds": [2.0] * 4}
        ),
        "verifications": pd.DataFrame(
            {
                "problem_id": ["a"] * 4,
                "solution_index": [0, 0, 1, 1],
                "verifier": ["v"] * 4,
                "seconds": [1.0] * 4,
            }
        ),
    }
    monkeypatch.setattr(
        "ttc.pipeline.latency.read_frame", lambda path, table, columns: frames[table]
    )
    ids, found = cell_latency(run, 2, [(1, 0), (3, 0), (2, 2)], "v")
    assert ids == ("a", "b")
    assert found[0].tolist() == [2, 4, 2 + 2]
    assert found[1, 0] == 2
    assert np.isnan(found[1, 1:]).all()
