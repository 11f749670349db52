"""The recipe part: what it accepts, what it says, what importing it costs."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from ttc.answers import AnswerRule


def test_forms_of_the_extract_key() -> None:
    assert AnswerRule.model_validate({"extract": "boxed"}).extractors == ("boxed",)
    chain = AnswerRule.model_validate({"extract": ["boxed", {"regex": "= (.*)"}]})
    assert chain.extract("a = 3") == "3"
    assert chain.extract(r"a = 3, \boxed{4}") == "4"


def test_dump_loads_again() -> None:
    rule = AnswerRule.model_validate({"extract": [{"regex": "(x)"}, "choice"], "tolerance": 0.01})
    assert "extract" in rule.model_dump(by_alias=True)
    assert AnswerRule.model_validate(rule.model_dump()) == rule
    assert AnswerRule.model_validate_json(rule.model_dump_json(by_alias=True)) == rule
    assert rule.tolerance.relative == 0.01


def test_json_schema_speaks_of_recipe_keys() -> None:
    properties = AnswerRule.model_json_schema()["properties"]
    assert set(properties) == {"extract", "equivalence", "tolerance", "time_limit_s"}
    assert all("description" in p for p in properties.values())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"extract": []}, "at least 1 item"),
        ({"extract": ["boxd"]}, "boxed"),
        ({"extract": {"regex": "(a)(b)"}}, "exactly one"),
        ({"extract": {"regex": "(a"}}, "not a regular expression"),
        ({"equivalence": "maths"}, "numeric"),
        ({"tolerance": -1}, "greater than or equal"),
        ({"time_limit_s": 0}, "greater than 0"),
        ({"extrct": "boxed"}, "Extra inputs"),
    ],
)
def test_mistakes_are_named(config: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AnswerRule.model_validate(config)


def test_import_is_light() -> None:
    code = (
        "import sys, ttc.answers; heavy = {'sympy', 'latex2sympy2_extended', 'pint', 'numpy'};"
        "heavy |= {'joblib', 'regex'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_parent_never_loads_sympy() -> None:
    code = (
        "import sys; from ttc.answers import AnswerRule;"
        r"print(AnswerRule().equivalent(r'\sqrt{8}', r'2\sqrt{2}'), 'sympy' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "True False"
