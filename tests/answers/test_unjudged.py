"""Gold answers that no rule can judge are said to be such."""

import json
from pathlib import Path

import pytest
from processes import ttc

from ttc.answers import AnswerRule
from ttc.answers.unjudged import can_judge, unjudged

MATH = AnswerRule()
CANT = [
    "x=1;print(x)",
    "def f(x):\n    return x + 1",
    "(10-4)*(5-1)=24",
    "Let n be even. Then n = 2k for some k, and so n^2 = 4k^2 is even as well.",
    "The angle bisector theorem gives AB/AC = BD/DC, from which the claim follows at once.",
]
CAN = ["42", r"\frac{1}{2}", "x = 5", "(1, 2)", "No real solutions", r"\text{Tuesday}", "7:30 PM",
       r"x^2+y^2=4", r"(-\infty, 3]", "5 m/s", "Evelyn", r"\{1, 2\}", "1011_2"]  # fmt: skip


@pytest.mark.parametrize("gold", CANT)
def test_what_math_can_not_judge(gold: str) -> None:
    assert not can_judge(gold, MATH)
    assert can_judge(gold, AnswerRule(equivalence="string"))


@pytest.mark.parametrize("gold", CAN)
def test_what_it_can(gold: str) -> None:
    assert can_judge(gold, MATH)


def test_other_rules_judge_their_own_kind_only() -> None:
    assert can_judge("42", AnswerRule(equivalence="numeric"))
    assert not can_judge("x+1", AnswerRule(equivalence="numeric"))
    assert can_judge("(C)", AnswerRule(equivalence="choice"))
    assert unjudged([("a", "1"), ("b", None)], MATH) == ""


def test_an_import_says_so(tmp_path: Path) -> None:
    rows = [
        {"problem_id": "easy", "question": "q", "answer": "4", "solutions": [{"text": "4"}]},
        {"problem_id": "code", "question": "q", "answer": CANT[0], "solutions": [{"text": "4"}]},
    ]
    file = tmp_path / "pool.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    done = ttc(tmp_path, "import", file, "--to", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "1 gold answer (code) can't be judged by the rule math" in said
    assert "--labels trust" in said
