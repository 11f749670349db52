"""Recipes beside each other: planted pools, at equal compute and equal S, pooled, gated, listed."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from processes import ttc
from scipy.stats import ttest_rel

from ttc.analysis.majority import maj_at_k
from ttc.analysis.many import holm
from ttc.analysis.power import smallest_difference
from ttc.analysis.sign_flips import sign_flip_test
from ttc.analysis.simulate import SimulationConfig
from ttc.errors import DataError, UsageError
from ttc.pipeline.comparing import Overtakes, Request, compare
from ttc.pipeline.interval import Interval
from ttc.report.compare import overtaking, print_comparison
from ttc.report.compare_figure import _COLOURS, _MARKERS, _STYLES
from ttc.report.console import Console
from ttc.store.pool import load_pool
from ttc.store.simulated import simulate_run
from ttc.store.tables import read_frame

WORLD = SimulationConfig(problems=50, solutions=8, verified_solutions=0, verifications=0)
BETTER = WORLD.model_copy(update={"solve_alpha": 3.0})


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("compared")


@pytest.fixture(scope="module")
def runs(root):
    """A weak recipe and a better one, two seeds each, without any verification."""
    make = lambda world, seed, name: simulate_run(world, seed, root / "results" / name)  # noqa: E731
    return [make(WORLD, 1, "weak"), make(BETTER, 2, "strong"),
            make(WORLD, 3, "weak2"), make(BETTER, 4, "strong2")]  # fmt: skip


@pytest.fixture(scope="module")
def pair(runs):
    return runs[:2]


WEAK, STRONG = "solve_alpha=0.8, seed=1", "solve_alpha=3, seed=2"


def test_each_vote_is_named_by_what_differs_and_none_is_taken_for_another(pair):
    found = compare(pair, Request(unit="c"))
    assert found.methods == (WEAK, STRONG)
    assert found.baseline == WEAK
    whole = {p.method: p for p in found.points}
    for run, name in zip(pair, found.methods, strict=True):
        arrays = load_pool(run).arrays
        rng = np.random.default_rng(0)
        vote = maj_at_k(arrays.answer_class, arrays.correct, [8], rng).value[:, 0]
        assert whole[name].success.low <= vote.mean() <= whole[name].success.high


def test_at_equal_samples_it_is_the_paired_difference_with_both_tests_and_the_planned_power(pair):
    found = compare(pair, Request(samples=(4,)))
    base, other = found.points
    values = []
    for run in pair:
        arrays = load_pool(run).arrays
        vote = maj_at_k(arrays.answer_class, arrays.correct, [4], np.random.default_rng(0))
        values.append(vote.value[:, 0])
    gaps = values[1] - values[0]
    assert base.ahead is None
    assert other.ahead.estimate == pytest.approx(gaps.mean())
    assert other.p == pytest.approx(ttest_rel(*values).pvalue)
    assert other.p_single == other.p_flips == sign_flip_test(gaps)
    assert other.detectable == pytest.approx(smallest_difference(50, gaps.std(ddof=1)))
    assert other.verdict == "better"
    assert other.row["S"] == 4
    assert (other.won, other.lost) == (
        int(((values[0] < 0.5) & (values[1] > 0.5)).sum()),
        int(((values[0] > 0.5) & (values[1] < 0.5)).sum()),
    )


def test_equal_pools_tell_no_power(pair, root, capsys):
    twin = simulate_run(WORLD, 1, root / "results" / "twin")
    found = compare([pair[0], twin], Request(samples=(4,)))
    assert np.isnan(found.points[1].detectable)
    assert found.points[1].as_row("c", "")["detectable"] is None
    print_comparison(Console(), found)
    assert " 0.0 " not in capsys.readouterr().out.replace("+0.0 (+0.0 to +0.0)", "")


def test_p_values_are_adjusted_over_all_stated_budgets_and_sizes(runs):
    found = compare(runs, Request(unit="c", budgets=(2, 8), samples=(4,)))
    told = [p for p in found.points if p.ahead is not None]
    assert found.together == len(told) == 9
    assert [p.p_flips for p in told] == pytest.approx(holm([p.p_single for p in told]).tolist())


def test_repeats_with_another_seed_are_one_row_and_closer(runs):
    found = compare(runs, Request(unit="c", over=("seed",), samples=(8,)))
    assert found.methods == ("solve_alpha=0.8", "solve_alpha=3")
    alone = compare(runs[:2], Request(unit="c", samples=(8,)))
    width = [one.points[-1].ahead.high - one.points[-1].ahead.low for one in (found, alone)]
    assert width[0] < width[1]
    assert [len(found.runs[name]) for name in found.methods] == [2, 2]


def test_what_differs_otherwise_is_not_pooled(pair):
    with pytest.raises(UsageError, match=r"also differ in simulate\.solve_alpha"):
        compare(pair, Request(over=("seed",)))


def test_a_better_recipe_is_ahead_at_every_budget_or_from_where_it_overtakes(pair):
    found = compare(pair, Request(unit="c"))
    one = found.overtakes[STRONG]
    assert one.ahead.low <= one.ahead.estimate <= one.ahead.high <= 8
    assert one.behind.estimate == np.inf, "never within the range"
    back = compare(pair, Request(unit="c", baseline=STRONG)).overtakes[WEAK]
    assert (back.ahead.estimate, back.behind.estimate) == (np.inf, one.ahead.estimate)


def test_a_lead_that_is_lost_at_the_largest_budget_is_no_contradiction_to_a_verdict(pair):
    found = compare(pair, Request(unit="c"))
    never = Interval(np.inf, 1.0, np.inf)
    always = Interval(1.0, 1.0, np.inf)
    lost = replace(found, overtakes={STRONG: Overtakes(never, always, 1.0, 8.0)})
    (said,) = overtaking(lost, {STRONG})
    assert "undecided within" in said
    assert "no lead is sure up to the largest budget" in said
    assert "a verdict above is about its own budget" in said


def test_bands_of_the_curve_hold_together_so_they_are_wider(pair):
    found = compare(pair, Request(unit="c"))
    band = found.bands[STRONG]
    for budget, (low, high) in zip(found.ladder, band, strict=True):
        (point,) = [p for p in found.curve if p.method == STRONG and p.budget == budget]
        assert low <= point.ahead.low <= point.ahead.high <= high


def test_one_sample_of_a_run_is_a_baseline(pair, root):
    ask = partial(compare, pair, results=root / "results")
    found = ask(Request(unit="c", budgets=(8,), baseline="strong@1"))
    assert found.baseline == f"{STRONG}, S=1"
    base = next(p for p in found.points if p.method == found.baseline)
    assert (base.cost, base.row["S"]) == (1, 1)
    found = ask(Request(unit="c", samples=(8,), baseline="strong@1"))
    assert {p.method: p.row["S"] for p in found.points} == {
        found.baseline: 1, WEAK: 8, STRONG: 8
    }  # fmt: skip
    with pytest.raises(DataError, match="no cell at S=99"):
        ask(Request(unit="c", baseline="strong@99"))
    with pytest.raises(UsageError, match="neither a row nor one of the runs"):
        ask(Request(unit="c", baseline="nobody"))


def test_flipped_problems_come_with_the_commands_that_show_both_sides(pair):
    found = compare(pair, Request(unit="c", budgets=(8,)))
    (point,) = [p for p in found.points if p.method == STRONG]
    assert len(found.flips) == point.won + point.lost > 0
    for flip in found.flips:
        assert (flip.before - 0.5) * (flip.after - 0.5) < 0
        first, second = flip.commands()
        assert first == f"ttc show {pair[0].path} --problem {flip.problem}"
        assert str(pair[1].path) in second


def test_problems_of_another_data_set_are_refused_or_left_out(pair, tmp_path):
    fewer = simulate_run(WORLD.model_copy(update={"problems": 30}), 9, tmp_path / "fewer")
    with pytest.raises(DataError, match=r"different datasets.*--common"):
        compare([pair[0], fewer])
    found = compare([pair[0], fewer], Request(common=True, samples=(4,)))
    assert found.problems == 30


def test_gates_decide(pair, root):
    ask = partial(compare, pair, Request(unit="c"), results=root / "results")
    found = ask(["not worse than weak by 2 points at 8 c"])
    assert [(g.subject, g.outcome) for g in found.gates] == [(STRONG, "pass")]
    found = ask([f"{WEAK} better than strong at 8 c", "better than weak by 1 point at 8 samples"])
    assert [g.outcome for g in found.gates] == ["fail", "pass"]
    (gate,) = ask(["better than weak at 0.5 c"]).gates
    assert gate.outcome == "undecided"
    assert "nothing of" in gate.why
    with pytest.raises(UsageError, match="one comparison has one unit"):
        ask(["better than weak at 10k tokens"])


@pytest.mark.parametrize("place", ["8 c", "8 samples"])
def test_a_gate_alone_shows_what_it_compares_where_it_compares_it(pair, root, capsys, place):
    ask = partial(compare, pair, results=root / "results")
    found = ask(Request(unit="c"), [f"not worse than weak by 2 points at {place}"])
    (gate,) = found.gates
    base, subject = gate.points
    assert (base.method, subject.method, subject.ahead) == (WEAK, STRONG, gate.difference)
    assert [one["method"] for one in gate.as_dict()["sides"]] == [WEAK, STRONG]
    print_comparison(Console(), found)
    shown = capsys.readouterr().out
    assert shown.count("baseline: ") == 1, "the gate's own rows, and no others"
    assert ("Within 8 per problem" if place == "8 c" else "At S = 8") in shown
    assert "gate pass" in shown
    print_comparison(Console(), ask(Request(unit="c", budgets=(4,)), ["better than weak at 8 c"]))
    assert capsys.readouterr().out.count("baseline: ") == 2


def test_what_a_budget_does_not_buy_is_said(pair, tmp_path, capsys):
    with pytest.raises(DataError, match=r"0\.5 c a problem buy nothing: the cheapest takes 1"):
        compare(pair, Request(unit="c", budgets=(0.5,)))
    with pytest.raises(DataError, match="no row has S = 99"):
        compare(pair, Request(samples=(99,)))
    dear = WORLD.model_copy(update={"verifications": 2, "verified_solutions": 8})
    run = simulate_run(dear, 6, tmp_path / "dear")
    print_comparison(Console(), compare([run], Request(unit="c", budgets=(1,))))
    assert "nothing there of simulated" in capsys.readouterr().out


def test_a_pool_that_ends_while_more_would_help_is_marked(tmp_path, pair):
    wide = WORLD.model_copy(update={"solutions": 64, "solve_alpha": 2.0, "trap_rate": 0.0})
    narrow = wide.model_copy(update={"solutions": 4})
    runs = [simulate_run(one, 5, tmp_path / str(one.solutions)) for one in (wide, narrow)]
    found = compare(runs, Request(unit="c", budgets=(64,)))
    assert {p.method: p.short for p in found.points} == {"solutions=64": False, "solutions=4": True}


def test_from_the_shell(root, pair):
    words = ("compare", *(run.path for run in pair), "--unit", "c", "--budget", "8")
    done = ttc(root, *words, "--out", "out", "--flips")
    assert done.returncode == 0, done.stderr
    for said in ("finds", "better", f"right in {STRONG}", "ttc show", "Holm"):
        assert said in done.stdout
    table = read_frame(root / "out" / "comparison.parquet", "comparison")
    assert set(table.loc[table["stated"], "finding"].dropna()) == {"better"}
    assert len(table) > 20, "the curve, too"
    assert len(read_frame(root / "out" / "flips.parquet", "flips")) > 0
    told = json.loads((root / "out" / "comparison.json").read_text())
    assert told["baseline"] == WEAK
    assert told == json.loads(ttc(root, *words, "--json").stdout)


@pytest.mark.parametrize("name", ["both.html", "both.CSV", "taken"])
def test_a_folder_is_never_called_like_a_file(root, pair, name):
    (root / "taken").write_text("of somebody")
    done = ttc(root, "compare", *(run.path for run in pair), "--out", name)
    assert done.returncode == 2
    for said in (name, "names a folder", "ttc report", "one HTML file"):
        assert said in " ".join(done.stderr.split())
    assert not (root / name).is_dir()


@pytest.mark.parametrize(
    ("gate", "code"),
    [
        ("not worse than weak by 2 points at 8 c", 0),
        (f"{WEAK} better than strong at 8 c", 3),
        ("better than weak by 99 points at 0.1 c", 4),
        ("nicer than weak", 2),
    ],
)
def test_exit_codes_of_gates(root, pair, gate, code):
    done = ttc(root, "compare", *(run.path for run in pair), "--gate", gate)
    assert done.returncode == code, done.stdout + done.stderr


def test_short_tables_say_that_there_is_more(runs, capsys):
    found = compare(runs, Request(unit="c", budgets=(1, 2, 3, 4, 5, 6, 7, 8)))
    print_comparison(Console(), found)
    short = capsys.readouterr().out
    assert "--all" in short
    print_comparison(Console(), found, everything=True)
    assert len(capsys.readouterr().out) > len(short)


def test_curves_of_a_figure_never_look_alike():
    looks = list(zip(_COLOURS, map(str, _STYLES), _MARKERS, strict=True))
    assert all(len(set(column)) == len(looks) for column in zip(*looks, strict=True))
    assert all(sum(to_rgb(colour)) < 2.1 for colour in _COLOURS), "none is lost on white"
