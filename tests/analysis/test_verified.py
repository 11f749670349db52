"""The plain functions of arrays against enumeration and limits, and the package's public names."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ttc.analysis as library
from ttc.analysis import (
    EstimatorSettings,
    GridError,
    Method,
    PoolError,
    best_of_n,
    maj_at_k,
    pass_at_k,
    pessimistic,
    weighted_majority,
)

NAN = float("nan")
FUNCTIONS = {
    "best_of_n": best_of_n,
    "weighted_majority": weighted_majority,
    "pessimistic": pessimistic,
}
DRAWS = 1500

problem = st.integers(1, 4).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-1, 2), min_size=n, max_size=n),
        st.lists(
            st.lists(st.sampled_from([0.0, 1.0, 0.3, NAN]), min_size=1, max_size=3),
            min_size=n,
            max_size=n,
        ),
    )
)


def arrays(problems):
    """Padded arrays of (classes, verdicts) by problem."""
    n = max(len(classes) for classes, _ in problems)
    depth = max(len(row) for _, verdicts in problems for row in verdicts)
    answer_class = np.full((len(problems), n), -2)
    scores = np.full((len(problems), n, depth), NAN)
    count = np.zeros((len(problems), n), dtype=int)
    for i, (classes, verdicts) in enumerate(problems):
        answer_class[i, : len(classes)] = classes
        for j, row in enumerate(verdicts):
            scores[i, j, : len(row)] = row
            count[i, j] = len(row)
    return answer_class, scores, count


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(problem, min_size=1, max_size=3), st.sampled_from(list(FUNCTIONS)))
def test_every_cell_agrees_with_enumeration(by_enumeration, problems, policy):
    answer_class, scores, count = arrays(problems)
    setting = EstimatorSettings(draws=DRAWS)
    s = list(range(1, answer_class.shape[1] + 1))
    v = list(range(1, scores.shape[2] + 1))
    right = answer_class == 0
    found = FUNCTIONS[policy](
        answer_class, right, scores, s, v, np.random.default_rng(1),
        verification_count=count, settings=setting,
    )  # fmt: skip
    for i, (classes, verdicts) in enumerate(problems):
        for row, size in enumerate(s):
            for column, depth in enumerate(v):
                value, method = found.value[i, row, column], found.method[i, row, column]
                if size > len(classes) or depth > max(map(len, verdicts)):
                    assert method == Method.UNAVAILABLE
                    continue
                truth = by_enumeration(policy, classes, verdicts, size, depth, setting)
                variance = max(truth * (1 - truth), 1 / DRAWS)  # of a share in [0, 1], at most
                allowed = 1e-9 if method == Method.EXACT else 5 * np.sqrt(variance / DRAWS)
                assert abs(value - truth) < allowed


@pytest.mark.parametrize("policy", list(FUNCTIONS))
def test_standard_errors_are_the_spread_of_repeated_estimates(by_enumeration, policy):
    classes = [0, 0, 1, 1, 2]
    verdicts = [[0.9, 0.2, 0.4], [0.7, 0.5, 0.1], [0.3, 0.8, 0.6], [0.5, 0.4, 0.2], [0.1, 1, 0.3]]
    setting = EstimatorSettings(draws=100)
    repeats = [
        FUNCTIONS[policy](
            [classes],
            np.array([classes]) == 0,
            [verdicts],
            [3],
            [2],
            np.random.default_rng(seed),
            settings=setting,
        )
        for seed in range(400)
    ]
    values = np.array([one.value[0, 0, 0] for one in repeats])
    errors = np.array([one.standard_error[0, 0, 0] for one in repeats])
    truth = by_enumeration(policy, classes, verdicts, 3, 2, setting)
    assert values.std() == pytest.approx(np.sqrt(np.mean(errors**2)), rel=0.15)
    assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(len(values))


def test_fewer_of_more_verifications_vary_as_the_draw_does():
    """One solution right, one wrong; verdicts Yes, No: the draw of one each decides by chance."""
    scores = [[[1.0, 0.0], [1.0, 0.0]]]
    found = best_of_n([[0, 1]], [[True, False]], scores, [2], [1, 2], np.random.default_rng(0))
    # One verdict each: both Yes or both No is a tie; else the Yes wins. All two: a tie.
    np.testing.assert_allclose(found.value[0, 0], [0.5, 0.5])
    surer = [[[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]]]
    found = best_of_n([[0, 1]], [[True, False]], surer, [2], [1, 3], np.random.default_rng(0))
    np.testing.assert_allclose(found.value[0, 0], [4 / 9 + (2 / 9 + 2 / 9) / 2, 1.0])


def limit_pool(seed=0, problems=5, n=12, depth=4):
    rng = np.random.default_rng(seed)
    answer_class = rng.integers(0, 4, size=(problems, n))
    return answer_class, answer_class == 0, (problems, n, depth)


def test_constant_scores_are_the_mean_or_the_vote():
    answer_class, right, shape = limit_pool()
    rng, s, v = np.random.default_rng(0), [1, 3, 8, 12], [1, 4]
    constant = np.full(shape, 0.5)
    mean = (answer_class == 0).mean(axis=1)
    best = best_of_n(answer_class, right, constant, s, v, rng)
    np.testing.assert_allclose(best.value, np.broadcast_to(mean[:, None, None], best.value.shape))
    vote = maj_at_k(answer_class, right, s, rng).value
    many = EstimatorSettings(draws=4000)
    weighted = weighted_majority(answer_class, right, constant, s, v, rng, settings=many)
    cautious = pessimistic(answer_class, right, constant, s, v, rng, alpha=1e6, settings=many)
    for found in (weighted, cautious):
        slack = 4.5 * found.standard_error + 1e-9
        assert (np.abs(found.value - vote[:, :, None]) < slack).all()


def test_labels_as_scores_give_coverage():
    answer_class, right, shape = limit_pool(1)
    rng, s = np.random.default_rng(0), [1, 3, 8, 12]
    labels = np.broadcast_to((answer_class == 0)[:, :, None], shape)
    passed = pass_at_k((answer_class == 0).sum(1), 12, s)
    for function in FUNCTIONS.values():
        found = function(answer_class, right, labels, s, [1, 2, 4], rng)
        truth = np.broadcast_to(passed[:, :, None], found.value.shape)
        slack = 4.5 * np.sqrt(np.maximum(truth * (1 - truth), 1 / 512) / 512)
        if function is pessimistic:  # its penalty may keep it from a lone right answer
            assert (found.value <= truth + slack).all()
        else:
            exact = found.method == Method.EXACT
            assert (np.abs(found.value - truth) < np.where(exact, 1e-9, slack)).all()


def test_cells_come_in_the_order_asked_for():
    answer_class, right, shape = limit_pool(2)
    scores = (np.random.default_rng(3).random(shape) < 0.6).astype(float)
    up = best_of_n(answer_class, right, scores, [2, 8], [1, 4], np.random.default_rng(0))
    down = best_of_n(answer_class, right, scores, [8, 2], [4, 1], np.random.default_rng(0))
    np.testing.assert_array_equal(up.value[:, ::-1, ::-1], down.value)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"scores": np.zeros((2, 3))}, PoolError, r"scores \(problems, verified, M\)"),
        ({"correct": [True]}, PoolError, r"they are \(2, 3\), \(1,\)"),
        ({"scores": np.zeros((2, 4, 1))}, PoolError, "4 solutions have scores"),
        ({"scores": np.full((2, 3, 1), 2.0)}, PoolError, "must lie in"),
        ({"S": [4]}, GridError, "4 solutions were requested"),
        ({"V": [2]}, GridError, "2 verifications were requested"),
        ({"V": []}, GridError, "No number of verifications"),
        ({"scores": np.zeros((2, 3, 0)), "V": [1]}, GridError, "holds no verifications"),
    ],
)
def test_arrays_and_sizes_that_make_no_sense(change, error, says):
    given_ = {
        "answer_class": [[0, 1, -1], [0, 1, -2]],
        "correct": [[1, 0, 0], [1, 0, 0]],
        "scores": np.zeros((2, 3, 1)),
        "S": [1, 2],
        "V": [1],
        "rng": np.random.default_rng(0),
    }
    for function in FUNCTIONS.values():
        function(**given_)
        with pytest.raises(error, match=says):
            function(**{**given_, **change})


def test_every_public_name_is_there_and_documented():
    for name in library.__all__:
        assert getattr(library, name).__doc__, name
        assert name in dir(library)
        assert f"`{name}`" in library.__doc__ or not name[0].islower(), name
    with pytest.raises(AttributeError, match="no attribute 'pass_at'"):
        library.pass_at  # noqa: B018


def test_the_package_loads_nothing_until_asked():
    code = "import sys, ttc.analysis; assert 'numpy' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
