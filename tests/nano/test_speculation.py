"""Speculative sampling changes nothing but the work: its samples follow the target, exactly."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chi2

from ttc import nano
from ttc.errors import BackendError
from ttc.nano import Engine, NanoModel, Sample, SampleJob
from ttc.nano.model import padded
from ttc.nano.products import BLOCK
from ttc.nano.prompts import solver_prompt
from ttc.nano.sampling import Row
from ttc.nano.speculation.model import Speculative
from ttc.nano.speculation.rejection import draft, verify
from ttc.nano.speculation.tree import Tree
from ttc.nano.tasks import generate
from ttc.nano.tokenizer import EOS, PAD, UNK

Tokens = tuple[str, ...]
CHAIN, TREE = (1, 1, 1, 1), (3, 2, 1)
SHAPES = [(1,), CHAIN, TREE, (1,) * 16]


@pytest.fixture(scope="module")
def solver() -> NanoModel:
    return nano.load("nano-solver")


def speculative(widths: tuple[int, ...], draft: str = "nano-draft") -> Speculative:
    return Speculative(nano.load("nano-solver"), nano.load(draft), widths)


def job(index: int, seeds: tuple[int, ...] = (0,), **more: object) -> SampleJob:
    families = ("arithmetic", "modular", "order")
    problem = generate(families[index % 3], 1 + index % 5, 11, index)
    return SampleJob(solver_prompt(problem.question), seeds, 96, **more)  # type: ignore[arg-type]


def plainly(samples: list[list[Sample]]) -> list[list[Sample]]:
    return [[replace(one, effort=None) for one in row] for row in samples]


@pytest.mark.parametrize("widths", SHAPES)
@pytest.mark.parametrize("draft", ["nano-draft", "nano-verifier"])
def test_greedy_samples_are_the_very_same(
    solver: NanoModel, widths: tuple[int, ...], draft: str
) -> None:
    """Bit for bit, log-probabilities too, whether drafts are good or hardly ever taken."""
    jobs = [job(i, temperature=0.0, logprobs=3) for i in range(9)]
    found = speculative(widths, draft).sample(jobs)
    assert plainly(found) == solver.sample(jobs)


@pytest.mark.parametrize("limit", [1, 2, 31, 200])
def test_lengths_and_stops_are_those_of_plain_sampling(solver: NanoModel, limit: int) -> None:
    jobs = [
        replace(job(i, temperature=0.0, stop=stop), max_tokens=limit)
        for i in range(4)
        for stop in ((), ("=",), ("\n", "final"))
    ]
    for widths in (CHAIN, TREE):
        assert plainly(speculative(widths).sample(jobs)) == solver.sample(jobs)


def test_a_prompt_that_fills_the_context(solver: NanoModel) -> None:
    jobs = [SampleJob("1" * (256 - room), (0,), 96, temperature=0.0) for room in range(1, 12)]
    assert plainly(speculative(CHAIN).sample(jobs)) == solver.sample(jobs)


def probabilities(
    model: NanoModel, prompts: list[list[int]], job: SampleJob
) -> NDArray[np.float64]:
    """Of each next token (prompts, vocab), of whole texts at once, with the job's truncation."""
    states = [state[-1] for state in model.forward.states(prompts)]
    rows = np.zeros((padded(len(prompts), BLOCK), states[0].shape[0]), dtype=np.float32)
    rows[: len(prompts)] = states
    logits = model.forward.out(rows)[: len(prompts)].astype(np.float64)
    logits[:, [PAD, UNK]] = -np.inf
    p = np.exp((logits - logits.max(axis=1, keepdims=True)) / job.temperature)
    p /= p.sum(axis=1, keepdims=True)
    for row in p:
        order = np.argsort(-row, kind="stable")
        kept = order[(np.cumsum(row[order]) - row[order]) < job.top_p][: job.top_k]
        row[np.setdiff1d(order, kept)] = 0
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def texts(model: NanoModel, job: SampleJob, length: int) -> dict[Tokens, float]:
    """Probability of each text of so many tokens that has 0.8 % or more."""
    prompt = model.tokenizer.encode(job.prompt)
    found: dict[Tokens, float] = {}
    open_: list[tuple[list[int], float]] = [([], 1.0)]
    for step in range(length):
        each = probabilities(model, [prompt + ids for ids, _ in open_], job)
        longer = [
            ([*ids, int(i)], float(p * row[i]))
            for (ids, p), row in zip(open_, each, strict=True)
            for i in np.flatnonzero(p * row > 8e-3)
        ]
        for ids, p in longer:
            if ids[-1] == EOS or step == length - 1:
                found[tuple(model.tokenizer.texts[i] for i in ids)] = p
        open_ = [(ids, p) for ids, p in longer if ids[-1] != EOS]
        if not open_:
            break
    return found


def check_fits(drawn: list[Tokens], expected: dict[Tokens, float]) -> None:
    """Chi-squared over the likely texts, all others being one class, at a level of 1e-4."""
    n, counts = len(drawn), Counter(drawn)
    likely = [text for text, p in expected.items() if p * n >= 5]
    observed = np.array([*(counts[text] for text in likely), 0.0])
    wanted = np.array([*(expected[text] * n for text in likely), 0.0])
    observed[-1], wanted[-1] = n - observed.sum(), n - wanted.sum()
    if wanted[-1] < 5:
        assert observed[-1] < 30
        observed, wanted = observed[:-1], wanted[:-1]
    statistic = ((observed - wanted) ** 2 / wanted).sum()
    assert statistic < chi2.ppf(1 - 1e-4, max(1, len(wanted) - 1))


WARM = {"temperature": 2.5}
HOW = [
    (CHAIN, {}),
    (CHAIN, {"temperature": 0.6}),
    (CHAIN, {**WARM, "top_p": 0.8}),
    (TREE, {}),
    (TREE, WARM),
    (TREE, {**WARM, "top_p": 0.8}),
    (TREE, {**WARM, "top_k": 4}),
]


@pytest.mark.parametrize(("widths", "how"), HOW, ids=str)
def test_samples_follow_the_target(
    solver: NanoModel, widths: tuple[int, ...], how: dict[str, float]
) -> None:
    """Against all texts of three tokens, whose probabilities are computed one by one.

    The draft knows another task, so that its tokens are refused more often than not.
    """
    prompt = solver_prompt(generate("order", 3, 11, 4).question)
    wanted = SampleJob(prompt, tuple(range(600)), 3, logprobs=0, **how)  # type: ignore[arg-type]
    drawn = speculative(widths, "nano-verifier").sample([wanted])[0]
    refused = sum(s.effort.proposed - s.effort.accepted for s in drawn if s.effort)
    assert refused > 250
    tokens = [tuple(text for text, _, _ in one.logprobs) for one in drawn]
    check_fits(tokens, texts(solver, wanted, 3))


@pytest.mark.slow
@pytest.mark.parametrize("widths", [CHAIN, TREE])
def test_whole_solutions_have_the_same_distribution(
    solver: NanoModel, widths: tuple[int, ...]
) -> None:
    """Answers and lengths of whole solutions, by a chi-squared test of two samples."""
    wanted = job(3, tuple(range(400)), temperature=1.3)
    one = solver.sample([wanted])[0]
    other = speculative(widths).sample([replace(wanted, seeds=tuple(range(9000, 9400)))])[0]
    for look in (lambda s: s.text.split("\n")[-1], lambda s: s.completion_tokens):
        a, b = Counter(map(look, one)), Counter(map(look, other))
        both = [(a[key], b[key]) for key in a | b if a[key] + b[key] >= 20]
        statistic = sum((x - y) ** 2 / (x + y) for x, y in both)
        assert statistic < chi2.ppf(1 - 1e-4, max(1, len(both) - 1))


@settings(max_examples=8, deadline=None)
@given(
    st.sampled_from([(1,), (2,), (4,), (2, 2), (3, 1)]),
    st.integers(0, 10_000),
    st.sampled_from([0.3, 1.0, 3.0]),
)
def test_one_round_over_any_two_distributions(
    widths: tuple[int, ...], seed: int, spread: float
) -> None:
    """The first token of a round, with targets and drafts made up: planted truth for the rule."""
    rng = np.random.default_rng(seed)
    tree, vocab, n = Tree(widths), 8, 1500
    target = (spread * rng.standard_normal((1 + tree.drafts, vocab))).astype(np.float32)
    made_up = (spread * rng.standard_normal((1 + tree.drafts, vocab))).astype(np.float32)
    one = SampleJob("", (), 9)
    rows = [Row(one, [1], i + 10_000 * seed, 9, None) for i in range(n)]  # type: ignore[arg-type]
    tokens = np.zeros((n, 1 + tree.drafts), dtype=np.int64)
    there = np.zeros(tokens.shape, dtype=np.bool_)
    weights = np.zeros((*tokens.shape, vocab))
    place = np.zeros(n, dtype=np.int64)
    for depth, width in enumerate(widths):
        for node in tree.levels[depth]:
            logits = np.tile(made_up[node], (n, 1))
            drawn, exists, weights[:, node] = draft(rows, logits, place + depth + 1, width)
            children = tree.children[node, :width]
            tokens[:, children], there[:, children] = drawn, exists
    logits = np.tile(target, (n, 1, 1))
    taken = verify(rows, tree, tokens, there, weights, logits, place)
    p = np.exp(target[0].astype(np.float64))
    p[[PAD, UNK]] = 0
    p /= p.sum()
    counts = np.bincount(taken.tokens[:, 0], minlength=vocab)
    likely = p * n >= 5
    statistic = ((counts - p * n)[likely] ** 2 / (p * n)[likely]).sum()
    assert statistic < chi2.ppf(1 - 1e-6, likely.sum())
    assert (taken.tokens[:, 0] >= 0).all()
    followed = taken.nodes[:, 0] >= 0
    assert (taken.tokens[followed, 0] == tokens[followed, taken.nodes[followed, 0]]).all()


def test_a_sample_does_not_know_its_batch() -> None:
    model = speculative(TREE)
    rng = random.Random(0)
    jobs = [
        job(
            i,
            tuple(rng.randrange(10**9) for _ in range(rng.choice((1, 2, 4)))),
            **rng.choice(
                ({}, {"temperature": 0.7}, {"top_p": 0.8}, {"top_k": 3}, {"stop": ("=",)})
            ),
        )  # type: ignore[arg-type]
        for i in range(24)
    ]
    together = model.sample(jobs)
    order = random.Random(1).sample(range(24), 24)
    backwards = dict(zip(order, model.sample([jobs[i] for i in order]), strict=True))
    assert [backwards[i] for i in range(24)] == together
    for i in range(0, 24, 9):
        assert model.sample([jobs[i]])[0] == together[i]
    engine = Engine(model, 3)
    futures = [engine.submit(one) for one in jobs]
    assert [future.result(60) for future in futures] == together
    engine.close()


def test_more_rows_than_a_batch_holds() -> None:
    model = speculative(CHAIN)
    many = model.sample([job(3, tuple(range(250)))])[0]
    assert many[240:246] == model.sample([job(3, tuple(range(240, 246)))])[0]


def test_what_it_took_is_counted() -> None:
    """By hand for a greedy sample: a draft that is its own target is always right."""
    same = Speculative(nano.load("nano-solver"), nano.load("nano-solver"), (1, 1, 1))
    (sample,) = same.sample([replace(job(0, temperature=0.0), max_tokens=10)])[0]
    effort = sample.effort
    assert effort is not None
    assert sample.completion_tokens == 10
    # Rounds of 3 drafts and one token more: 4 + 4; of the last two tokens, one may be drafted.
    assert (effort.rounds, effort.proposed, effort.accepted) == (3, 7, 7)
    assert effort.verified == effort.rounds + effort.proposed
    # The draft reads what it goes on from, and in rounds two and three its own last draft.
    assert effort.drafted == 7 + 2
    prompt = sample.prompt_tokens
    assert effort.verified_context == sum(prompt + i for i in range(10))
    plain = [prompt + i for i in range(9)]
    assert effort.drafted_context == sum(plain)


@pytest.mark.parametrize("widths", SHAPES)
@pytest.mark.parametrize("draft", ["nano-draft", "nano-verifier"])
def test_work_is_within_its_bounds(widths: tuple[int, ...], draft: str) -> None:
    """What budgets reserve: a token a round at least, and no round with more than the tree."""
    model = speculative(widths, draft)
    tree = model.tree
    for one in model.sample([job(i, (1, 2), temperature=1.5) for i in range(5)]):
        for sample in one:
            n, effort = sample.completion_tokens, sample.effort
            assert effort is not None
            assert effort.rounds <= n <= effort.verified <= n * (1 + tree.drafts)
            assert 0 <= effort.accepted <= effort.proposed <= n * tree.drafts
            assert n <= effort.accepted + effort.rounds
            assert effort.drafted <= n * tree.inner
            longest = sample.prompt_tokens + n
            assert effort.verified_context <= effort.verified * longest
            assert effort.drafted_context <= effort.drafted * longest


@pytest.mark.parametrize("widths", [(), (0,), (17,), (1,) * 17, (9, 9)])
def test_trees_have_bounds(widths: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a tree has"):
        Tree(widths)


def test_networks_of_other_tokens_cannot_draft() -> None:
    with pytest.raises(BackendError, match="nano-draft can't draft for nano-roles: its tokens"):
        Speculative(nano.load("nano-roles"), nano.load("nano-draft"), CHAIN)
