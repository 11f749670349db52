import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats
from scipy.special import logit

from ttc.analysis.planted import planted_truth
from ttc.analysis.simulate import RIGHT, Lengths, SimulationConfig, simulate_pool


def draw(seed: int = 0, **changes: object):
    return simulate_pool(SimulationConfig(**changes), np.random.default_rng(seed))


def test_the_same_seed_gives_the_same_pool() -> None:
    first, again, other = draw(1), draw(1), draw(2)
    np.testing.assert_array_equal(first.arrays.answer_class, again.arrays.answer_class)
    np.testing.assert_array_equal(first.arrays.scores, again.arrays.scores)
    assert not np.array_equal(first.arrays.answer_class, other.arrays.answer_class)


def test_answers_follow_the_rates_of_their_problem() -> None:
    pool = draw(problems=40, solutions=20_000, verified_solutions=0, invalid_rate=0.1)
    classes = pool.arrays.answer_class
    valid = classes >= 0
    np.testing.assert_allclose(1 - valid.mean(1), 0.1, atol=0.01)
    np.testing.assert_allclose((classes == RIGHT).sum(1) / valid.sum(1), pool.solve_rate, atol=0.02)
    problem = int(np.argmin(pool.solve_rate))
    wrong = classes[problem][classes[problem] > 0]
    shares = np.bincount(wrong, minlength=21)[1:] / len(wrong)
    np.testing.assert_allclose(shares, pool.wrong_shares[problem], atol=0.02)


def test_solve_rates_are_beta() -> None:
    rates = draw(problems=5000, solutions=1, verified_solutions=0).solve_rate
    assert stats.kstest(rates, stats.beta(0.8, 1.0).cdf).pvalue > 1e-3


def test_a_trap_makes_one_wrong_answer_dominate() -> None:
    always = draw(problems=50, solutions=1, verified_solutions=0, trap_rate=1, trap_share=0.9)
    assert (always.wrong_shares[:, 0] > 0.9).all()
    never = draw(problems=50, solutions=1, verified_solutions=0, trap_rate=0, wrong_zipf=0)
    np.testing.assert_allclose(never.wrong_shares, 1 / 20)


@pytest.mark.parametrize("concentration", [1e-3, 1.0, 1e6])
def test_wrong_shares_are_distributions(concentration: float) -> None:
    shares = draw(
        problems=300, solutions=1, verified_solutions=0, wrong_concentration=concentration
    ).wrong_shares
    np.testing.assert_allclose(shares.sum(1), 1)
    assert (shares >= 0).all()


@pytest.mark.parametrize("shared", ["solution", "answer"])
def test_verdicts_have_the_rates_and_the_correlation_asked_for(shared: str) -> None:
    pool = draw(
        problems=400,
        solutions=40,
        verified_solutions=40,
        verifications=8,
        error_correlation=0.3,
        errors_shared_by=shared,
        invalid_verdict_rate=0,
        invalid_rate=0,
        wrong_answers=3,
    )
    scores = pool.arrays.scores
    for right, rate in ((True, 0.8), (False, 0.3)):
        chosen = scores[pool.arrays.correct == right]
        assert chosen.mean() == pytest.approx(rate, abs=0.03)
        deviation = chosen - rate
        total = deviation.sum(1)
        pairs = (total**2 - (deviation**2).sum(1)).mean() / (8 * 7)
        assert pairs / (rate * (1 - rate)) == pytest.approx(0.3, abs=0.06)


def test_errors_shared_by_an_answer_are_the_same_for_its_solutions() -> None:
    pool = draw(problems=5, solutions=30, verified_solutions=30, errors_shared_by="answer")
    for classes, rates in zip(pool.arrays.answer_class, pool.yes_rate, strict=True):
        for c in np.unique(classes):
            assert len(np.unique(rates[classes == c])) == 1


def test_perfect_and_independent_verifiers() -> None:
    pool = draw(true_positive_rate=1, false_positive_rate=0, invalid_verdict_rate=0)
    verified = pool.arrays.correct[:, :64]
    np.testing.assert_array_equal(pool.arrays.scores.mean(2), verified)
    independent = draw(error_correlation=0)
    assert set(np.unique(independent.yes_rate)) == {0.3, 0.8}


def test_unreadable_verdicts_are_nan() -> None:
    scores = draw(invalid_verdict_rate=0.25).arrays.scores
    assert np.isnan(scores).mean() == pytest.approx(0.25, abs=0.01)


def test_token_counts_are_lognormal_with_the_mean_asked_for() -> None:
    pool = draw(solution_tokens=Lengths(mean=500, variation=0.4))
    tokens = pool.solution_tokens
    assert tokens.mean() == pytest.approx(500, rel=0.02)
    assert tokens.std() / tokens.mean() == pytest.approx(0.4, abs=0.02)
    np.testing.assert_allclose(pool.arrays.solution_tokens, tokens.mean(1))
    assert (draw(solution_tokens=Lengths(mean=0.1)).solution_tokens >= 1).all()
    assert (draw(solution_tokens=Lengths(mean=7, variation=0)).solution_tokens == 7).all()


def test_texts_of_a_problem_are_long_together() -> None:
    """Variances of log lengths between and within problems, and their correlation."""
    lengths = Lengths(mean=5000, variation=0.6, problem_share=0.4)
    pool = draw(problems=3000, solutions=20, solution_tokens=lengths, verification_tokens=lengths)
    assert pool.solution_tokens.mean() == pytest.approx(5000, rel=0.03)
    logs = np.log(pool.solution_tokens)
    within, total = logs.var(axis=1, ddof=1).mean(), np.log1p(0.6**2)
    assert within / total == pytest.approx(0.6, abs=0.03)
    assert logs.var() / total == pytest.approx(1, abs=0.05)
    both = np.corrcoef(logs.mean(1), np.log(pool.verification_tokens).mean((1, 2)))
    assert both[0, 1] > 0.95


@pytest.mark.parametrize("none", [{"verified_solutions": 0}, {"verifications": 0}])
def test_a_pool_without_verifications(none: dict[str, int]) -> None:
    pool = draw(problems=3, **none).arrays
    assert pool.scores.shape == (3, 0, 0)
    assert np.isnan(pool.verification_tokens).all()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValidationError, match="can't exceed"):
        SimulationConfig(solutions=4, verified_solutions=5)
    with pytest.raises(ValidationError, match="colour"):
        SimulationConfig(colour="green")  # type: ignore[call-arg]


def test_solve_rates_can_have_normal_log_odds() -> None:
    rates = draw(
        problems=5000, solutions=1, verified_solutions=0, solve_location=1, solve_deviation=2
    ).solve_rate
    assert stats.kstest(logit(rates), stats.norm(1, 2).cdf).pvalue > 1e-3


@pytest.mark.parametrize("shared", ["solution", "answer"])
def test_errors_can_be_tied_to_problems_and_their_difficulty(shared: str) -> None:
    pool = draw(
        problems=600,
        solutions=60,
        verified_solutions=60,
        verifications=8,
        error_correlation=0,
        errors_shared_by=shared,
        error_difficulty=1.5,
        error_problem_deviation=0.5,
        invalid_verdict_rate=0,
    )
    hard, easy = pool.solve_rate < 0.2, pool.solve_rate > 0.8
    right = pool.arrays.correct
    wrong_yes = (pool.yes_rate * ~right).sum(1) / np.maximum((~right).sum(1), 1)
    assert wrong_yes[hard].mean() > wrong_yes[easy & ~right.all(1)].mean() + 0.2
    scores = pool.arrays.scores.mean(axis=2)
    means = [scores[row].mean() for row in (right, ~right)]
    truth = planted_truth(SimulationConfig(), pool)
    assert means == pytest.approx([truth.yes_when_right, truth.yes_when_wrong], abs=0.02)
    assert np.std(pool.error_shift - 1.5 * (1 - 2 * pool.solve_rate)) == pytest.approx(
        0.5, abs=0.05
    )


def test_a_tied_error_of_nothing_changes_nothing() -> None:
    first, second = draw(problems=20), draw(problems=20, error_difficulty=0)
    np.testing.assert_array_equal(first.yes_rate, second.yes_rate)
    truth = planted_truth(SimulationConfig(), first)
    assert (truth.yes_when_right, truth.yes_when_wrong) == (0.8, 0.3)
