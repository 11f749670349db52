"""`ttc metrics` from the shell: figures of a pool whose counts are known, and refusals."""

import json

import pytest
from processes import ttc

ROWS = [
    {
        "problem_id": name,
        "question": "?",
        "answer": "1",
        "solutions": [{"text": "", "answer": given} for given in answers],
    }
    for name, answers in (("a", "1110"), ("b", "10000"), ("c", "1111"))
]


@pytest.fixture
def run(tmp_path):
    source = tmp_path / "three.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    done = ttc(tmp_path, "import", str(source))
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_figures_of_known_counts(run):
    """3 of 4, 1 of 5 and 4 of 4 right."""
    done = ttc(run, "metrics", "three", "--k", "1,2,4", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["problems"], said["solutions"]) == (3, {"fewest": 4, "most": 5})
    one, two, four = said["by_k"]
    assert one["pass_at_k"]["value"] == pytest.approx((3 / 4 + 1 / 5 + 1) / 3)
    assert one["mg_pass_at_k"]["value"] is None
    assert two["pass_hat_k"]["value"] == pytest.approx((3 / 6 + 0 + 1) / 3)
    assert two["pass_at_k"]["value"] == pytest.approx((1 + 4 / 10 + 1) / 3)
    assert four["g_pass_at_k_0.75"]["value"] == pytest.approx((1 + 0 + 1) / 3)
    assert four["g_pass_at_k_1"] == four["pass_hat_k"]
    assert four["mg_pass_at_k"]["value"] == pytest.approx((0.5 + 0 + 1) / 3)
    assert said["bayes_at_n"]["mean"] == pytest.approx((4 / 6 + 2 / 7 + 5 / 6) / 3)
    assert said["bayes_at_n"]["low"] < said["bayes_at_n"]["mean"] < said["bayes_at_n"]["high"]
    assert 0.5 < said["coverage_area"]["value"] < 1
    for figure in (one["pass_at_k"], said["coverage_area"]):
        assert figure["low"] <= figure["value"] <= figure["high"]


def test_the_table_names_what_each_interval_is_about(run):
    done = ttc(run, "metrics", "three", "--level", "0.9")
    assert done.returncode == 0, done.stderr
    for word in ("pass^k", "G-Pass@k 0.75", "4 to 5 solutions", "Bayes@N", "90 %", "new problems"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--k", "5"], "some problem has only 4 solutions"),
        (["--k", "0"], "expected a whole number from 1"),
        (["--level", "2"], "--level"),
    ],
)
def test_what_it_refuses(run, words, says):
    done = ttc(run, "metrics", "three", *words)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_forecast_says_where_more_solutions_would_help(run):
    words = ("metrics", "three", "--forecast", "64,16")
    done = ttc(run, *words, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)["beyond"]
    assert [row["k"] for row in said["coverage"]] == [16, 64]
    for row in said["coverage"]:
        assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1
    plan = said["more_solutions"]
    assert plan["k"] == 64
    assert sum(g["more"] * len(g["problems"]) for g in plan["by_counts"]) == plan["total"]
    assert plan["expected_standard_error"] <= plan["standard_error"]
    shown = ttc(run, *words).stdout
    assert "not measured" in shown
    assert "pass@64 of these problems" in shown


def test_problems_without_a_right_solution_get_more(tmp_path):
    source = tmp_path / "hard.jsonl"
    answers = ["1000", "0000", "0000", "1111", "0110", "0000"]
    lines = [
        {
            "problem_id": f"p{i}",
            "question": "?",
            "answer": "1",
            "solutions": [{"text": "", "answer": given} for given in row],
        }
        for i, row in enumerate(answers)
    ]
    source.write_text("".join(json.dumps(one) + "\n" for one in lines))
    assert ttc(tmp_path, "import", str(source)).returncode == 0
    done = ttc(tmp_path, "metrics", "hard", "--forecast", "64", "--json")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)["beyond"]["more_solutions"]
    most = max(plan["by_counts"], key=lambda group: group["more"])
    assert (most["right"], most["problems"]) == (0, ["p1", "p2", "p5"])
    assert plan["expected_standard_error"] <= 0.51 * plan["standard_error"]
    assert plan["expected_standard_error"] < plan["expected_if_spread_evenly"]
