"""A simulated pool as a run folder, so that everything that reads runs can read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ttc.analysis.grid import powers_of_two
from ttc.analysis.planted import PlantedTruth, planted_truth
from ttc.analysis.pool import INVALID
from ttc.analysis.simulate import RIGHT, SimulatedPool, SimulationConfig, simulate_pool
from ttc.core import Problem
from ttc.store.manifest import Choices, Manifest, Model, dataset_hash, hash_recipe
from ttc.store.rows import problem_row
from ttc.store.run_folder import RunFolder
from ttc.store.staging import staged
from ttc.store.tables import TableWriter, open_table, write_table

VERIFIER = "simulated"
_FINISH = "simulated"
_GROUP_ROWS = 4_096


def simulate_run(config: SimulationConfig, seed: int, destination: Path) -> RunFolder:
    """Draw a pool and write it as `destination/<run id>`; the id is a hash of config and seed.

    Texts are empty, prompts have no tokens, and calls take no time. The planted truth is in the
    manifest (`source.truth`), each problem's solve rate and wrong answers in its metadata.
    """
    started = datetime.now(UTC)
    pool = simulate_pool(config, np.random.default_rng(seed))
    problems = [_problem(pool, i) for i in range(config.problems)]
    with staged(destination) as stage:
        _write_tables(stage.run, pool, problems)
        manifest = _manifest(config, seed, destination.name, pool)
        manifest.dataset = dataset_hash(problems)
        manifest.started, manifest.ended = started, datetime.now(UTC)
        manifest.write(stage.run.manifest_path)
        return stage.publish(manifest.run_id)


def _problem(pool: SimulatedPool, index: int) -> Problem:
    truth = {
        "solve_rate": float(pool.solve_rate[index]),
        "likeliest_wrong_share": float(pool.wrong_shares[index].max()),
    }
    name = pool.arrays.problem_ids[index]
    return Problem(name, f"Simulated problem {index}", "right", metadata=truth)


def _write_tables(run: RunFolder, pool: SimulatedPool, problems: list[Problem]) -> None:
    arrays = pool.arrays
    rows = (
        problem_row(
            problem,
            i,
            gold_class=RIGHT if arrays.correct[i].any() else -1,
            n_solutions=arrays.answer_class.shape[1],
            n_verifications=int(arrays.verification_count[i].sum()),
            n_classes=len(np.unique(arrays.answer_class[i][arrays.answer_class[i] != INVALID])),
        )
        for i, problem in enumerate(problems)
    )
    write_table(run.problems, "problems", rows)
    with open_table(run.solutions, "solutions") as writer:
        for part in _parts(len(problems), arrays.answer_class.shape[1]):
            _write_solutions(writer, pool, part)
    if arrays.scores.size:
        with open_table(run.verifications, "verifications") as writer:
            for part in _parts(len(problems), arrays.scores[0].size):
                _write_verifications(writer, pool, part)


def _parts(problems: int, rows: int) -> list[slice]:
    """Problems, of so many rows each, that share a row group: each group costs memory to read."""
    step = max(1, _GROUP_ROWS // rows)
    return [slice(start, start + step) for start in range(0, problems, step)]


def _write_solutions(writer: TableWriter, pool: SimulatedPool, problems: slice) -> None:
    of_each = pool.arrays.answer_class[problems]
    each, classes = of_each.shape[1], of_each.ravel()
    names: dict[int, str | None] = {c: f"wrong {c}" for c in np.unique(classes).tolist()}
    names |= {RIGHT: "right", INVALID: None}
    writer.write_columns(
        {
            "problem_id": _repeated(pool.arrays.problem_ids[problems], each),
            "solution_index": np.tile(np.arange(each), len(of_each)),
            "answer": [names[c] for c in classes.tolist()],
            "answer_class": classes,
            "correct": classes == RIGHT,
            "prompt_tokens": 0,
            "completion_tokens": pool.solution_tokens[problems].ravel(),
            "finish_reason": _FINISH,
            "seconds": 0.0,
            "text": "",
        },
        len(classes),
    )


def _repeated(ids: Sequence[str], times: int) -> list[str]:
    return [name for name in ids for _ in range(times)]


def _write_verifications(writer: TableWriter, pool: SimulatedPool, problems: slice) -> None:
    import pyarrow as pa

    scores = pool.arrays.scores[problems].astype(np.float64)
    n, verified, depth = scores.shape
    known = pa.array(scores.ravel(), from_pandas=True)  # NaN becomes null
    writer.write_columns(
        {
            "problem_id": _repeated(pool.arrays.problem_ids[problems], verified * depth),
            "solution_index": np.tile(np.repeat(np.arange(verified), depth), n),
            "verification_index": np.tile(np.arange(depth), n * verified),
            "verifier": VERIFIER,
            "verdict": known.cast(pa.bool_()),
            "score": known,
            "prompt_tokens": 0,
            "completion_tokens": pool.verification_tokens[problems].ravel(),
            "finish_reason": _FINISH,
            "seconds": 0.0,
            "text": "",
        },
        scores.size,
    )


def _manifest(config: SimulationConfig, seed: int, name: str, pool: SimulatedPool) -> Manifest:
    recipe = {"simulate": config.model_dump(mode="json")}
    judged = bool(pool.arrays.scores.size)
    model = Model(backend="simulated", model="ttc.analysis.simulate")
    truth = planted_truth(config, pool, powers_of_two(config.solutions))
    use = {
        "solver": pool.solution_tokens,
        **({"verifier": pool.verification_tokens} if judged else {}),
    }
    return Manifest(
        recipe_name=name,
        recipe=recipe,
        recipe_hash=hash_recipe(recipe),
        run_id=hash_recipe(recipe | {"seed": seed})[:12],
        seed=seed,
        models={"solver": model, **({VERIFIER: model} if judged else {})},
        status="simulated",
        note=_sentence(truth),
        source={"kind": "simulated", "truth": truth.as_dict()},
        ledger={
            "roles": {
                role: {
                    "samples": int(tokens.size),
                    "prompt_tokens": 0,
                    "completion_tokens": int(tokens.sum(dtype=np.int64)),
                    "paid_samples": 0,
                }
                for role, tokens in use.items()
            }
        },
        choices=Choices(
            lambda_source="measured" if judged else None,
            score_mode="binary" if judged else None,
            invalid_verdicts="dropped" if judged else None,
            ties="random_averaged",
            resampling="without_replacement",
            prompt_counting="per_sample",
            tuning="none",
            token_counts="simulated",
        ),
    )


def _sentence(truth: PlantedTruth) -> str:
    most = max(truth.pass_at_k)
    return (
        f"simulated; planted truth: accuracy {truth.accuracy:.1%}, pass@{most} "
        f"{truth.pass_at_k[most]:.1%}, majority vote tends to {truth.majority_limit:.1%}"
        + ("" if truth.ratio is None else f", lambda {truth.ratio:.3g}")
    )
