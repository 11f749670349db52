import numpy as np
import pytest

from ttc.analysis.errors import GridError, PoolError
from ttc.analysis.estimate import Method
from ttc.analysis.grid import evaluate, powers_of_two
from ttc.analysis.pool import PoolArrays
from ttc.analysis.settings import EstimatorSettings
from ttc.policies import named, usual

NAN = float("nan")
EVERY = usual()


def make_pool(problems=6, n=32, verified=8, depth=4, seed=0):
    rng = np.random.default_rng(seed)
    classes = rng.integers(-1, 5, size=(problems, n)).astype(np.int32)
    classes[rng.random(classes.shape) < 0.3] = 0
    correct = classes == 0
    yes = np.where(correct[:, :verified, None], 0.7, 0.4)
    scores = (rng.random((problems, verified, depth)) < yes).astype(np.float32)
    scores[rng.random(scores.shape) < 0.1] = np.nan
    return PoolArrays(
        answer_class=classes,
        correct=correct,
        scores=scores,
        verification_count=np.full((problems, verified), depth, np.int32),
        solution_tokens=np.full(problems, 100.0),
        verification_tokens=np.full(problems, 200.0),
        problem_ids=tuple(f"p{i}" for i in range(problems)),
    )


def run(pool, S=(1, 2, 8, 32), V=(1, 2, 4), policies=EVERY, seed=3, **options):
    jobs = options.pop("n_jobs", 1)
    policies = [named(p) if isinstance(p, str) and p != "best" else p for p in policies]
    setting = EstimatorSettings(**{"draws": 64, **options})
    return evaluate(pool, S, V, policies, np.random.default_rng(seed), setting, jobs)


def test_axes_and_availability():
    pool = make_pool()
    grid = run(pool)
    assert grid.success.shape == (6, len(EVERY), 4, 4)
    np.testing.assert_array_equal(grid.V, [0, 1, 2, 4])
    for policy in EVERY:
        part = grid.method[:, grid.index(policy.label)]
        if policy.reads_verifications:
            assert (part[:, :3, 1:] != Method.UNAVAILABLE).all()
            assert (part[:, 3] == Method.UNAVAILABLE).all()
            assert (part[:, :, 0] == Method.UNAVAILABLE).all()
        else:
            assert (part[:, :, 0] == Method.EXACT).all()
            assert (part[:, :, 1:] == Method.UNAVAILABLE).all()
    np.testing.assert_array_equal(np.isnan(grid.success), grid.method == Method.UNAVAILABLE)


def test_one_solution_is_the_mean_accuracy_for_every_policy():
    pool = make_pool(n=8)
    grid = run(pool, S=[1, 8])
    expected = pool.correct.mean(axis=1)
    for policy in EVERY:
        columns = [1, 2, 3] if policy.reads_verifications else [0]
        for column in columns:
            np.testing.assert_allclose(
                grid.success[:, grid.index(policy.label), 0, column], expected
            )


def test_all_verifications_are_the_first_ones():
    pool = make_pool()
    names = ["best_of_n", "weighted_majority", "pessimistic"]
    random, first = run(pool, policies=names), run(pool, policies=names, verification_draws="first")
    np.testing.assert_allclose(random.success[..., -1], first.success[..., -1])
    assert np.nanmax(np.abs(random.success[..., 1] - first.success[..., 1])) > 0.01


def test_results_do_not_depend_on_company_or_processes():
    pool = make_pool()
    together = run(pool)
    alone = run(pool, S=[2, 8], V=[2], policies=["pessimistic"])
    i = together.index("pessimistic")
    np.testing.assert_array_equal(alone.success[:, 0, :, 1], together.success[:, i, 1:3, 2])
    np.testing.assert_array_equal(run(pool, n_jobs=2).success, together.success)
    assert np.any(run(pool, seed=4).success[:, i, 1, 2] != together.success[:, i, 1, 2])


def test_graded_scores_do_not_depend_on_company():
    pool = make_pool()
    graded = PoolArrays(**{**vars(pool), "scores": np.clip(pool.scores * 0.8 + 0.1, 0, 1)})
    together = run(graded)
    alone = run(graded, V=[2], policies=["best_of_n"])
    i = together.index("best_of_n")
    np.testing.assert_array_equal(alone.success[:, 0, :, 1], together.success[:, i, :, 2])
    assert Method.MONTE_CARLO in together.method[:, i]


def test_mean_needs_every_problem():
    pool = PoolArrays.from_ragged([[0, 1, 0], [0, 1]], [0, 0])
    grid = run(pool, S=[2, 3], V=[], policies=["majority", "oracle"])
    mean, error = grid.mean()
    np.testing.assert_allclose(mean[:, 0, 0], [(2 / 3 + 1 / 2) / 2, 1.0])
    assert np.isnan(mean[0, 1, 0])
    assert error[0, 0, 0] == 0


def test_tidy_frame():
    grid = run(make_pool())
    frame = grid.to_frame()
    assert list(frame.columns) == [
        "problem", "policy", "S", "V", "success", "standard_error", "method",
    ]  # fmt: skip
    assert len(frame) == np.count_nonzero(grid.method)
    row = frame[(frame.problem == "p2") & (frame.policy == "oracle") & (frame.S == 8)].iloc[0]
    assert row.success == grid.success[2, grid.index("oracle"), 2, 0]
    assert row.method == "exact"
    assert frame.success.notna().all()


def test_odd_problems_are_answered():
    pool = PoolArrays.from_ragged(
        [[-1, -1, -1], [1, 1, 2], [0, 0, 0]],
        [-1, 0, 0],
        scores=[[[1.0], [0.0], [1.0]], [[NAN], [NAN], [1.0]], [[1.0, 0.0], [1.0, 1.0], [NAN, NAN]]],
    )
    grid = run(pool, S=[1, 2, 3], V=[1, 2])
    for i in range(len(EVERY)):
        known = grid.success[:, i][grid.method[:, i] != Method.UNAVAILABLE]
        assert set(np.round(known, 9)) <= {0.0, 1.0}
    assert (grid.method[0, grid.index("best_of_n"), :, 2] == Method.UNAVAILABLE).all()


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"S": [64]}, "64 solutions were requested, but no problem has more than 32"),
        ({"V": [5]}, "5 verifications were requested, but no problem has more than 4"),
        ({"V": []}, "No number of verifications"),
        ({"S": [0]}, "at least 1"),
        ({"policies": ["best"]}, "'best' is no policy"),
        ({"policies": []}, "at least one"),
        ({"S": [16], "policies": ["best_of_n"]}, "more than 8 verified"),
        ({"invalid_verdict": "skip"}, "must be one of dropped, zero, half"),
        ({"draws": 1}, "At least 2"),
    ],
)
def test_requests_that_cannot_be_answered(request_, says):
    with pytest.raises(GridError, match=says) as caught:
        run(make_pool(), **request_)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


def test_pool_without_verifications():
    pool = PoolArrays.from_ragged([[0, 1]], [0])
    with pytest.raises(GridError, match="holds no verifications"):
        run(pool, S=[1], V=[1], policies=["best_of_n"])
    assert run(pool, S=[1], V=[], policies=["first"]).success[0, 0, 0, 0] == 0.5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"answer_class": np.zeros((0, 3), np.int32)}, "empty"),
        ({"answer_class": np.full((6, 32), -3)}, "below -2"),
        ({"correct": np.zeros((6, 31), bool)}, "correct has shape"),
        ({"scores": np.full((6, 8, 4), 1.5, np.float32)}, r"must lie in \[0, 1\]"),
        ({"verification_count": np.full((6, 8), 5)}, "between 0 and the 4 columns"),
        ({"verification_count": np.tile([0] + [4] * 7, (6, 1))}, "must come after"),
        ({"problem_ids": ("a",)}, "1 problem_ids were given for 6 problems"),
    ],
)
def test_pools_that_make_no_sense(change, says):
    with pytest.raises(PoolError, match=says):
        PoolArrays(**{**vars(make_pool()), **change})


def test_padding_must_come_last():
    with pytest.raises(PoolError, match="must come after"):
        PoolArrays.from_ragged([[0, -2, 1]], [0])
    with pytest.raises(PoolError, match="has no solutions"):
        PoolArrays.from_ragged([[0], []], [0, 0])
    with pytest.raises(PoolError, match="more verified solutions than solutions"):
        PoolArrays.from_ragged([[0], [0, 1]], [0, 0], scores=[[[1], [1]], [[1], [0]]])


def test_powers_of_two():
    assert powers_of_two(20) == (1, 2, 4, 8, 16)
    assert powers_of_two(0) == ()
