"""Figures of verifiers of imported pools: by hand, by group, with clusters, of several."""

import json
import math

import numpy as np
import pytest
from pools import pool, problem, solution

from ttc.errors import DataError, UsageError
from ttc.pipeline.judging.evaluation import JudgingRequest, judge_run
from ttc.pipeline.judging.quantities import MEANINGS, Rules
from ttc.store.tables import read_frame, write_table


def small(folder):
    """Scores 0.9+ 0.8- 0.2- | 0.7+ 0.4+ | 0.6- 0.3+ 0.1-, + right."""
    return pool(
        folder,
        [
            problem("a", solution("1", 0.9), solution("2", 0.8), solution("3", 0.2), topic="sums"),
            problem("b", solution("1", 0.7), solution("1", 0.4), topic="sums"),
            problem(
                "c", solution("2", 0.6), solution("1", 0.3), solution("3", 0.1), topic="products"
            ),
        ],
    )


def figures(run, draws=50, **more):
    found = judge_run(run, JudgingRequest(draws=draws, **more))
    return found, {(f.quantity, f.at): f for f in found.each[0].figures if f.by == "all"}


def test_figures_by_hand(tmp_path):
    _, told = figures(small(tmp_path), rules=Rules(bins=2))
    value = {key: figure.value for key, figure in told.items()}
    # Right 0.9 0.7 0.4 0.3; wrong 0.8 0.6 0.2 0.1: beaten are 4 + 3 + 2 + 2 of 16.
    assert value["auc", None] == pytest.approx(11 / 16)
    assert value["auc_within", None] == pytest.approx((1 + 1 / 2) / 2)
    assert value["true_positive_rate", None] == value["true_negative_rate", None] == 0.5
    assert value["f1", None] == value["balanced_accuracy", None] == value["accuracy", None] == 0.5
    assert value["average_precision", None] == pytest.approx((1 + 2 / 3 + 3 / 5 + 4 / 6) / 4)
    scores = np.array([0.9, 0.8, 0.2, 0.7, 0.4, 0.6, 0.3, 0.1])
    right = np.array([1, 0, 0, 1, 1, 0, 1, 0])
    assert value["brier", None] == pytest.approx(np.mean((scores - right) ** 2))
    # Below 1/2: mean 0.25 and half right; above: mean 0.75 and half right.
    assert value["ece_width", 2.0] == pytest.approx(0.25)
    assert value["brier_reliability", 2.0] == pytest.approx(1 / 16)
    assert value["brier_resolution", 2.0] == pytest.approx(0)
    assert value["brier_uncertainty", None] == pytest.approx(0.25)
    assert value["equal_error_rate", None] == pytest.approx(0.5)
    assert value["min_detection_cost", 0.5] == pytest.approx(0.5)
    # The best of two: a has its 0.9 in two of three sets, else the wrong 0.8; of c two are wrong.
    assert value["best_wrong", 1.0] == pytest.approx((2 / 3 + 0 + 2 / 3) / 3)
    assert value["best_wrong", 2.0] == pytest.approx((1 / 3 + 0 + 2 / 3) / 3)
    assert value["best_wrong_accepted", 2.0] == pytest.approx((1 / 3 + 0 + 2 / 3) / 3)
    assert value["right_missed", 2.0] == pytest.approx((0 + 0 + 1 / 3) / (2 / 3 + 1 + 2 / 3))
    assert value["none_right_accepted", 2.0] == pytest.approx(1)
    # Margins: (0.9 - 0.8) / 2, none, (0.6 - 0.3) / 2; a's votes 0.9 and 0.8, c's 0.6 and 0.3.
    assert value["margin_best_of_n", 0.5] == pytest.approx(0.15)
    assert value["never_flips_best_of_n", None] == pytest.approx(1 / 3)
    assert value["margin_weighted_majority", 0.25] == pytest.approx(0.05)
    assert value["margin_weighted_majority", 0.9] == math.inf


def test_every_interval_holds_its_estimate_and_has_a_width(tmp_path):
    rng = np.random.default_rng(0)
    rows = [
        problem(
            f"p{i}",
            *(solution(answer := str(rng.integers(1, 3)), *noisy(rng, answer)) for _ in range(6)),
            level=i % 3,
        )
        for i in range(12)
    ]
    found = judge_run(pool(tmp_path, rows), JudgingRequest(by=("level", "length", "difficulty")))
    assert found.each[0].figures
    for one in found.each[0].figures:
        assert one.quantity in MEANINGS or one.meaning
        if not math.isnan(one.low):
            assert one.low <= one.value + 1e-9
            assert one.value <= one.high + 1e-9
            assert one.low < one.high
        if not math.isnan(one.gap_low):
            assert one.gap_low <= one.gap + 1e-9
            assert one.gap <= one.gap_high + 1e-9


def noisy(rng, answer):
    return [float(np.clip((answer == "1") * 0.2 + rng.random() * 0.8, 0, 1)) for _ in range(3)]


def test_groups_are_measured_apart_and_against_the_rest(tmp_path):
    found = judge_run(small(tmp_path), JudgingRequest(by=("metadata.topic",), draws=50))
    told = {(f.group, f.quantity, f.at): f for f in found.each[0].figures}
    sums = told["sums", "auc", None]
    assert sums.value == pytest.approx(4 / 6)
    assert told["products", "auc", None].value == pytest.approx(1 / 2)
    assert sums.gap == pytest.approx(4 / 6 - 1 / 2)
    assert (sums.solutions, sums.n_problems) == (5, 2)
    best = told["products", "best_wrong", 2.0]
    assert (best.value, best.gap) == (pytest.approx(2 / 3), pytest.approx(2 / 3 - 1 / 6))
    apart = told["sums", "true_positive_rate", None]
    assert apart.gap == pytest.approx(2 / 3 - 0)


def test_difficulty_and_length_make_groups(tmp_path):
    rows = [
        problem("easy", *(solution("1", 0.9, tokens=n) for n in (1, 2, 3, 4))),
        problem("hard", *(solution("2", 0.1, tokens=n) for n in (5, 6, 7, 8))),
        problem("half", *(solution(a, 0.5, tokens=4) for a in "1212")),
    ]
    found = judge_run(pool(tmp_path, rows), JudgingRequest(by=("difficulty", "length"), draws=20))
    sizes = {
        (f.by, f.group): f.solutions for f in found.each[0].figures if f.quantity == "accuracy"
    }
    assert sizes["difficulty", "0 to 0.25"] == 4
    assert sizes["difficulty", "0.5 to 0.75"] == 4
    assert sizes["difficulty", "0.75 to 1"] == 4
    assert ("difficulty", "0.25 to 0.5") not in sizes
    assert sum(n for (by, _), n in sizes.items() if by == "length") == 12
    # Solutions of one problem differ in length, so that choices among all of them have no length.
    assert not [f for f in found.each[0].figures if (f.by, f.quantity) == ("length", "best_wrong")]


def test_clusters_widen_intervals(tmp_path):
    """Pairs of problems that are copies of each other tell as much as one of them."""
    rng = np.random.default_rng(1)
    rows = []
    for i in range(10):
        own = [solution(a := str(rng.integers(1, 3)), *noisy(rng, a)) for _ in range(4)]
        rows += [problem(f"p{i}{twin}", *own, template=i) for twin in "ab"]
    run = pool(tmp_path, rows)
    _, alone = figures(run, 1000)
    _, together = figures(run, 1000, cluster="metadata.template")
    for key in (("auc", None), ("accuracy", None), ("brier", None), ("best_wrong", 4.0)):
        narrow, wide = (told[key].high - told[key].low for told in (alone, together))
        assert wide > 1.15 * narrow


def test_repeated_verdicts_and_what_they_are_worth(tmp_path):
    """Twins of verdicts: each solution has two and the same again, so four are worth two."""
    rng = np.random.default_rng(2)
    rows = []
    for i in range(40):
        own = []
        for _ in range(5):
            right = rng.random() < 0.5
            said = [float(right ^ (rng.random() < 0.3)) for _ in range(2)]
            own.append(solution("1" if right else "2", *said, *said))
        rows.append(problem(f"p{i}", *own))
    _, told = figures(pool(tmp_path, rows))
    # Of six pairs two are equal: the mean correlation is a third.
    assert told["rho_errors", None].value == pytest.approx(1 / 3, abs=0.12)
    assert told["effective_verdicts", 4.0].value == pytest.approx(2, abs=0.4)
    assert told["rho_verdicts", None].value > told["rho_errors", None].value


def test_several_verifiers_err_together_or_not(tmp_path):
    rng = np.random.default_rng(3)
    rows = []
    for i in range(60):
        own = []
        for _ in range(4):
            right = rng.random() < 0.5
            one, other = (float(right ^ (rng.random() < 0.25)) for _ in range(2))
            told = [("x", one), ("copy", one), ("y", other)]
            own.append(
                {
                    "answer": "1" if right else "2",
                    "verifications": [{"verifier": v, "score": s} for v, s in told],
                }
            )
        rows.append(problem(f"p{i}", *own))
    run = pool(tmp_path, rows)
    found = judge_run(run, JudgingRequest(draws=20))
    assert [part.verifier for part in found.each] == ["x", "copy", "y"]
    assert found.shared_solutions == 240
    assert found.together.correlation[0, 1] == pytest.approx(1)
    assert found.together.by_eigenvalues == pytest.approx(9 / 5, abs=0.1)
    rows = [row for row in found.metric_rows() if row["quantity"] == "effective_verifiers"]
    assert [(row["verifier"], row["at"]) for row in rows] == [("x + copy + y", 3.0)]
    only = judge_run(run, JudgingRequest(verifiers=("y",), draws=20))
    assert (len(only.each), only.together) == (1, None)


def test_a_verifier_that_finds_steps_is_measured_by_labels(tmp_path):
    def told(gold, found):
        return {
            "answer": "1" if gold < 0 else "2",
            "first_wrong_step": gold,
            "verifications": [{"first_wrong_step": found}],
        }

    rows = [
        problem("a", told(0, 0), told(1, 0), told(2, -1)),
        problem("b", told(2, 2), told(-1, -1)),
        problem("c", told(-1, 1), told(-1, -1)),
    ]
    _, found = figures(pool(tmp_path, rows))
    assert found["first_wrong_found", None].value == 0.5
    assert found["first_wrong_near", None].value == 0.75
    assert found["none_wrong_found", None].value == pytest.approx(2 / 3)
    assert found["first_wrong_f1", None].value == pytest.approx(2 / (2 + 3 / 2))
    assert found["first_wrong_found", None].solutions == 4


def test_tables_and_json_hold_all_of_it(tmp_path):
    found = judge_run(small(tmp_path), JudgingRequest(by=("metadata.topic",), draws=20))
    write_table(tmp_path / "m.parquet", "verifier_metrics", found.metric_rows())
    write_table(tmp_path / "c.parquet", "verifier_curves", found.curve_rows())
    metrics = read_frame(tmp_path / "m.parquet", "verifier_metrics")
    curves = read_frame(tmp_path / "c.parquet", "verifier_curves")
    assert set(metrics["group"]) == {"all", "sums", "products"}
    assert set(curves["curve"]) == {
        "roc",
        "precision_recall",
        "reliability",
        "verifications",
        "false_positives",
        "margin",
    }
    roc = curves[curves["curve"] == "roc"]
    assert roc[["x", "y"]].iloc[[0, -1]].to_numpy().tolist() == [[0, 0], [1, 1]]
    area = np.trapezoid(roc["y"], roc["x"])
    (auc,) = metrics[(metrics["quantity"] == "auc") & (metrics["group"] == "all")]["estimate"]
    assert area == pytest.approx(auc)
    text = json.dumps(found.as_dict(), allow_nan=False)
    assert len(json.loads(text)["figures"]) == len(metrics)


def test_a_pool_of_right_solutions_alone_says_what_it_can(tmp_path):
    rows = [problem(name, solution("1", 0.9), solution("1", 0.4)) for name in "abc"]
    _, told = figures(pool(tmp_path, rows))
    assert math.isnan(told["auc", None].value)
    assert told["true_positive_rate", None].value == 0.5
    assert told["best_wrong", 2.0].value == 0


@pytest.mark.parametrize(
    ("request_", "error", "says"),
    [
        (JudgingRequest(verifiers=("jugde",)), DataError, "did you mean 'judge'"),
        (JudgingRequest(by=("size",)), UsageError, "difficulty, length, level, metadata.KEY"),
        (JudgingRequest(by=("metadata.topik",)), UsageError, "did you mean 'topic'"),
        (JudgingRequest(cluster="metadata.none"), UsageError, "no metadata 'none'"),
    ],
)
def test_what_a_run_does_not_have_is_refused(tmp_path, request_, error, says):
    with pytest.raises(error, match=says):
        judge_run(small(tmp_path), request_)


def test_a_run_without_verifications_is_refused(tmp_path):
    with pytest.raises(DataError, match="has no verifications"):
        judge_run(pool(tmp_path, [problem("a", solution("1"))]), JudgingRequest())
