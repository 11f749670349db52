"""How fast one pool answers every policy at every budget, against a loop over draws.

    python benchmarks/estimators.py [--jobs 2] [--problems 128] [--loop-problems 1]

Two pools of 128 synthetic, MATH-like problems: 16,384 solutions of which 256 carry 32 yes/no
verifications each, and 1,024 of which 128 do. S and V take all powers of two. The loop is the
usual way (arXiv 2504.01005's scripts in outline), in plain Python: for every S and V 25 random
subsets for a vote, 100 shuffles before a sorted sum for best-of-k. It takes the FIRST V
verifications only, is timed on a few problems, and its time is scaled to all of them. Its votes
carry the error of 25 draws; ours are exact (majority), or have the draws that are printed, and the
loop's time is also given for as many draws. On a busy machine, read the processor time (--jobs 1).
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections import defaultdict

import numpy as np
from scipy.special import binom

from ttc.analysis.grid import evaluate, powers_of_two
from ttc.analysis.pool import PoolArrays
from ttc.analysis.result import GridResult
from ttc.analysis.settings import EstimatorSettings
from ttc.policies import named, usual

LOOP_DRAWS = 25
SHAPES = ((16_384, 256, 32, 60.0), (1_024, 128, 32, 10.0))


def synthetic_pool(problems: int, n: int, verified: int, depth: int, seed: int = 0) -> PoolArrays:
    """Problems of all difficulties, up to 300 answers, 2 % invalid answers and verdicts."""
    rng = np.random.default_rng(seed)
    classes = np.empty((problems, n), np.int32)
    for row in classes:
        right = rng.beta(0.7, 0.7)
        wrong = np.arange(1, 300) ** -rng.uniform(0.5, 1.6)
        row[:] = rng.choice(300, n, p=np.concatenate([[right], (1 - right) * wrong / wrong.sum()]))
    classes[rng.random(classes.shape) < 0.02] = -1
    correct = classes == 0
    centre = np.where(correct[:, :verified], 0.75, 0.35)
    yes = np.clip(centre + 0.15 * rng.standard_normal(centre.shape), 0.02, 0.98)
    scores = (rng.random((*yes.shape, depth)) < yes[..., None]).astype(np.float32)
    scores[rng.random(scores.shape) < 0.02] = np.nan
    return PoolArrays(
        answer_class=classes,
        correct=correct,
        scores=scores,
        verification_count=np.full((problems, verified), depth, np.int32),
        solution_tokens=np.full(problems, 300.0),
        verification_tokens=np.full(problems, 600.0),
    )


def loop_majority(pool: PoolArrays, problem: int, sizes: list[int], depths: list[int]) -> None:
    """One problem's majority votes: 25 random subsets for each S."""
    answers = pool.answer_class[problem].tolist()
    for s in sizes:
        for _ in range(1 if s == len(answers) else LOOP_DRAWS):
            vote(answers, [1.0] * len(answers), random.sample(range(len(answers)), s))


def loop_weighted(pool: PoolArrays, problem: int, sizes: list[int], depths: list[int]) -> None:
    """One problem's weighted votes: 25 random subsets for each S and V."""
    answers = pool.answer_class[problem].tolist()
    verified = pool.scores.shape[1]
    for v in depths:
        scores = mean_scores(pool, problem, v)
        for s in (size for size in sizes if size <= verified):
            for _ in range(1 if s == verified else LOOP_DRAWS):
                vote(answers, scores, random.sample(range(verified), s))


def loop_best_of_n(pool: PoolArrays, problem: int, sizes: list[int], depths: list[int]) -> None:
    """One problem's best-of-k: 100 shuffles and stable sorts for each S and V."""
    verified = pool.scores.shape[1]
    for v in depths:
        scores = mean_scores(pool, problem, v)
        for s in (size for size in sizes if size <= verified):
            for _ in range(100):
                pairs = list(zip(scores, pool.correct[problem].tolist(), strict=False))
                random.shuffle(pairs)
                pairs.sort(key=lambda pair: pair[0], reverse=True)
                top = [
                    pairs[i][1] * binom(verified - i - 1, s - 1) for i in range(verified - s + 1)
                ]
                sum(top) / binom(verified, s)


LOOPS = {
    "majority": loop_majority,
    "best_of_n": loop_best_of_n,
    "weighted_majority": loop_weighted,
}


def mean_scores(pool: PoolArrays, problem: int, v: int) -> list[float]:
    """Mean of the valid among the first v verdicts of each solution."""
    rows = pool.scores[problem, :, :v]
    return [0.0 if np.isnan(row).all() else float(np.nanmean(row)) for row in rows]


def vote(answers: list[int], scores: list[float], chosen: list[int]) -> bool:
    """Whether answer class 0 collects the largest total."""
    totals: defaultdict[int, float] = defaultdict(float)
    for i in chosen:
        totals[answers[i]] += scores[i]
    totals[-1] = -1.0
    return max(totals, key=lambda answer: totals[answer]) == 0


def describe(result: GridResult) -> str:
    """Share of exact cells and the largest Monte Carlo error of a mean over problems."""
    codes = np.bincount(result.method.ravel(), minlength=3)
    _, error = result.mean()
    return (
        f"{codes[1]:,} cells exact, {codes[2]:,} by Monte Carlo "
        f"({result.settings.draws} draws; standard error of a mean over problems at most "
        f"{np.nanmax(error):.4f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=128)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument(
        "--loop-problems", type=int, default=1, help="problems the loop is timed on"
    )
    options = parser.parse_args()
    for n, verified, depth, goal in SHAPES:
        pool = synthetic_pool(options.problems, n, verified, depth)
        sizes, depths = list(powers_of_two(n)), list(powers_of_two(depth))
        start, busy = time.perf_counter(), time.process_time()
        result = evaluate(
            pool, sizes, depths, usual(), np.random.default_rng(0), n_jobs=options.jobs
        )
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
        peak = sum(
            resource.getrusage(who).ru_maxrss
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(f"{options.problems} x {n:,} solutions, {verified} x {depth} verifications each:")
        print(f"  {seconds:.1f} s with {options.jobs} job(s) (goal {goal:.0f} s)", end="")
        print(f", {busy:.1f} s of processor time" if options.jobs == 1 else "")
        print(f"  peak memory {peak / 2**20:.2f} GiB, largest child counted once (goal 2 GiB)")
        print(f"  {describe(result)}")
        compare(pool, sizes, depths, options.loop_problems, options.jobs)


def compare(
    pool: PoolArrays, sizes: list[int], depths: list[int], loop_problems: int, jobs: int
) -> None:
    """Print the loop's time against ours, policy by policy; processor time where it is one job."""
    clock = time.process_time if jobs == 1 else time.perf_counter
    more = EstimatorSettings().draws / LOOP_DRAWS
    totals = np.zeros(3)  # ours, the loop's, the loop's for as many draws
    for policy, loop in LOOPS.items():
        start = clock()
        for problem in range(loop_problems):
            loop(pool, problem, sizes, depths)
        slow = (clock() - start) / loop_problems * pool.n_problems
        start = clock()
        evaluate(pool, sizes, depths, [named(policy)], np.random.default_rng(0), n_jobs=jobs)
        fast = clock() - start
        equal = slow if policy == "best_of_n" else slow * more
        totals += fast, slow, equal
        print(f"  {policy}: {against(fast, slow, equal)}")
    print(f"  together: {against(*totals)}")


def against(fast: float, slow: float, equal: float) -> str:
    """One line on our seconds, the loop's, and the loop's for as many draws."""
    line = f"{fast:.2f} s, loop {slow:,.1f} s, {slow / fast:,.1f} times slower"
    return line if equal == slow else f"{line}, {equal / fast:,.0f} times for as many draws"


if __name__ == "__main__":
    main()
