"""Tree search against plain sampling on one axis of money: Game of 24, with GPT-4's own logs."""

import json
from itertools import pairwise

import pytest

from ttc.importing import Judging, import_pool
from ttc.pipeline.curve_query import CurveRequest, answer

POOL = "game24_gpt4_io100_and_tot"
PRICES = (
    "cost.prices={prompt_per_million: 30, completion_per_million: 60}",
    "cost.shared_prompt=per_sample",
)
"""USD, as in the log; prompts were paid for in every request."""
KINDS = ("prompt_tokens", "completion_tokens")


def own_use(rows, usage):
    """Prompt and completion tokens of each problem: the log counts on from problem to problem."""
    told = [dict.fromkeys(KINDS, 0), *map(usage, rows)]
    return [[after[kind] - before[kind] for kind in KINDS] for before, after in pairwise(told)]


def shared(total, among):
    """Whole tokens that sum to the total, as evenly as can be."""
    return [total // among + (i < total % among) for i in range(among)]


def pool_of(rows, solutions, usage, folder):
    """A run of these solutions, each with an equal share of what its problem used."""
    lines = []
    for row, (prompt, completion) in zip(rows, own_use(rows, usage), strict=True):
        own = solutions(row)
        use = zip(shared(prompt, len(own)), shared(completion, len(own)), strict=True)
        told = [
            {"text": one["text"], "correct": one["correct"], "prompt_tokens": p, "tokens": c}
            for one, (p, c) in zip(own, use, strict=True)
        ]
        question = {"problem_id": row["problem_id"], "question": row["question"], "answer": "24"}
        lines.append(json.dumps(question | {"solutions": told}))
    folder.mkdir()
    (folder / "pool.jsonl").write_text("\n".join(lines))
    return import_pool(folder / "pool.jsonl", folder / "run", judging=Judging(labels="trust"))


def within(run, sizes):
    """By S: any of so many is right, and USD for all problems."""
    request = CurveRequest(policies=("oracle",), solutions=tuple(sizes), overrides=PRICES)
    return {row["S"]: (row["success"], row["usd"] * 100) for row in answer(run, request).rows}


def test_search_and_sampling_stand_on_one_axis_of_money(pool, told, tmp_path):
    rows = pool(POOL)
    sampled = pool_of(
        rows, lambda row: row["solutions"], lambda row: row["io_cumulative_usage"], tmp_path / "io"
    )
    searched = pool_of(
        rows,
        lambda row: row["tot"]["final"],
        lambda row: row["tot"]["cumulative_usage"],
        tmp_path / "tot",
    )
    by_sampling, by_search = within(sampled, (1, 8, 64, 100)), within(searched, (5,))
    found = {f"any of {n} samples": by_sampling[n] for n in by_sampling}
    found["any of the search's 5"] = by_search[5]
    published = [(0.0734, 0.138), (0.16943, 1.104), (0.29287, 8.832), (0.33, 13.80), (0.69, 74.51)]
    for (what, (success, usd)), (wanted, price) in zip(found.items(), published, strict=True):
        told(f"game24: {what}", f"{wanted:.4f}, {price:.2f} USD", f"{success:.4f}, {usd:.2f} USD")
        assert success == pytest.approx(wanted, abs=6e-4)
        assert usd == pytest.approx(price, abs=0.02)
