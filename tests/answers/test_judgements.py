"""Small texts with the right judgement: of kinds that users of similar tools report as misjudged.

`judgements.jsonl` holds one a line: rule, kind, text, gold, and whether the text is correct.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from ttc.answers import AnswerRule
from ttc.importing.judging import gold_of
from ttc.importing.records import RawProblem

RULES = {
    "math": AnswerRule(),
    "numeric": AnswerRule(equivalence="numeric"),
    "choice": AnswerRule.model_validate({"extract": "choice", "equivalence": "choice"}),
}
CASES: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
for line in Path(__file__).with_name("judgements.jsonl").read_text("utf-8").splitlines():
    case = json.loads(line)
    CASES[case["rule"], case["kind"]].append(case)


@pytest.mark.parametrize("rule_kind", CASES, ids=lambda key: f"{key[0]}: {key[1]}")
def test_judged_as_they_should_be(rule_kind: tuple[str, str]) -> None:
    rule = RULES[rule_kind[0]]
    wrong = []
    for case in CASES[rule_kind]:
        answer = rule.extract(case["text"])
        gold = gold_of(RawProblem("p", "q", case["gold"], (), "", 0), (), rule)
        if rule.equivalent(answer, gold) is not case["correct"]:
            wrong.append((case["text"], case["gold"], answer))
        if answer is not None and gold is not None:
            assert rule.equivalent(gold, answer) is rule.equivalent(answer, gold)
            assert rule.equivalent(answer, answer)
    assert wrong == []
