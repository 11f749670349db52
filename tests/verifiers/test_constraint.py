"""Constraints by program: each kind by hand, the two readings, the sources of constraints."""

import asyncio
import re

import pytest
from attempts import attempt_of
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ttc.constraints.judging import satisfied, variants
from ttc.constraints.kinds import AnyConstraint
from ttc.constraints.published import published
from ttc.core import Capabilities, ModelIdentity, Problem, Solution
from ttc.errors import DataError, MissingExtra, RecipeError
from ttc.installing import with_extra
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe, parse_recipe
from ttc.store.tables import read_frame
from ttc.verifiers.constraint import ConstraintCheck

ANY = TypeAdapter(AnyConstraint)
ENGLISH = "the weather is fine today and we all walk to the sea"
GERMAN = "Das Wetter ist heute schön, und wir gehen alle zusammen an das Meer"


class NoModel:
    """A verifier without a model asks none."""

    capabilities = Capabilities()
    identity = ModelIdentity("test", "none")


def holds(text, prompt="?", /, reading="strict", **constraint):
    return satisfied([ANY.validate_python(constraint)], [text], prompt, [0], reading)[0][0]


KINDS = [
    # type, arguments, a text that satisfies it, one that does not
    ("keywords", {"words": ["Sea", "sand"]}, "Seaside sand", "the sea"),
    ("forbidden_words", {"words": ["cat", "a+b"]}, "concatenate", "a Cat."),
    ("keyword_frequency", {"word": "ha", "number": 2}, "Haha", "ha"),
    ("keyword_frequency", {"word": "ha", "relation": "less than", "number": 2}, "ha", "haha"),
    ("letter_frequency", {"letter": "E", "relation": "exactly", "number": 2}, "eEx", "e"),
    ("number_words", {"relation": "at_most", "number": 3}, "one, two three", "a b c d"),
    ("number_sentences", {"relation": "exactly", "number": 2}, "Dr. Who left. Why?", "It is 2.5."),
    ("number_paragraphs", {"number": 2}, "a\n***\nb\n***", "a\n***\n***\nb"),
    (
        "paragraph_first_word",
        {"number": 2, "paragraph": 2, "word": "then"},
        'First.\n\n"Then, he',
        "Then\n\nFirst",
    ),
    ("number_placeholders", {"number": 2}, "[a] and [b c]", "[a and [b]"),
    ("number_bullets", {"number": 2}, "* a\n - b\n** c", "* a\n- b\n- c"),
    ("number_highlights", {"number": 2}, "*a* and **b**", "*a* and **"),
    ("number_sections", {"word": "PART", "number": 2}, "PART 1 x\nPART2", "PART one\nPART 2"),
    ("title", {}, "<<A title>>\ntext", "<< >>\n<a>"),
    ("json", {}, '```json\n{"a": [1]}\n```', "{'a': 1}"),
    ("postscript", {}, "Bye.\np. s. more", "Bye. PS more"),
    ("postscript", {"marker": "P.P.S"}, "P.P.S more", "P.S. more"),
    ("postscript", {"marker": "Note:"}, "NOTE: more", "a note"),
    ("one_of", {}, "So: My answer is no.", "no"),
    ("two_responses", {}, "a\n******\nb", "a\n******\na "),
    ("language", {"language": "de"}, GERMAN, ENGLISH),
    ("english_capitals", {}, ENGLISH.upper(), GERMAN.upper()),
    ("english_lowercase", {}, ENGLISH, ENGLISH.title()),
    ("capital_words", {"number": 2}, "NASA and AI-led ESA", "NASA and Esa"),
    ("no_comma", {}, "a. b", "a, b"),
    ("quotation", {}, ' "a" ', '"'),
    ("ends_with", {"phrase": "The End."}, 'so. "the end."', "the end. so"),
    ("repeats_prompt", {}, "WHY? Because.", "Because. Why?"),
    ("repeats_prompt", {"text": "Say it"}, "say it: no", "why?"),
    ("prompt_numbers", {}, "12*3.5=42", "12*3=36"),
    ("matches", {"pattern": r"\d+=\d+$"}, "1+1=2", "1+1=2 or 3"),
]


@pytest.mark.parametrize(("kind", "arguments", "good", "bad"), KINDS)
def test_each_kind_by_hand(kind, arguments, good, bad):
    prompt = "12 at 3.5" if kind == "prompt_numbers" else "why?"
    assert holds(good, prompt, type=kind, **arguments)
    assert not holds(bad, prompt, type=kind, **arguments)


@pytest.mark.parametrize(("kind", "arguments", "good", "bad"), KINDS)
def test_a_blank_response_satisfies_nothing(kind, arguments, good, bad):
    assert not holds(" \n", type=kind, **arguments)
    assert not holds("", reading="loose", type=kind, **arguments)


def test_a_text_of_marks_alone_takes_no_time():
    assert holds("." * 200_000 + "x", type="number_sentences", relation="exactly", number=1)
    assert not holds("[" * 200_000, type="number_placeholders", number=1)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("One", 1),
        ("One. Two! Three?", 3),
        ("Mr. J. Smith of the U.S. Army came.", 1),
        ("1. First point. 2. Second.", 2),
        ("He said “no.” She left...", 2),
        ("all small. it goes on. really", 3),
        ("Prices rose e.g. by 3.5 per cent. OK", 2),
    ],
)
def test_sentences_are_counted_as_a_reader_would(text, number):
    assert holds(text or ".", type="number_sentences", relation="exactly", number=number or 1)


def test_loose_forgives_the_first_line_the_last_and_stars():
    loose = {"type": "json", "reading": "loose"}
    for text in ("Sure:\n[1]", "[1]\nDone.", "Sure:\n[1]\nDone.", "**[1]**"):
        assert not holds(text, type="json")
        assert holds(text, **loose)
    assert not holds("Sure:\nhere:\n[1]", **loose)


@given(st.text(alphabet="aA.*\n,\"'[]1 ", max_size=40), st.sampled_from(KINDS))
def test_what_holds_strictly_holds_loosely(text, kind):
    if kind[0] in ("language", "english_capitals", "english_lowercase"):
        return
    one = {"type": kind[0], **kind[1]}
    assert holds(text, **one) <= holds(text, reading="loose", **one)
    assert next(variants(text)) == text


def test_of_responses_together():
    texts = ["It is 2.", "it  is 2.", "It is 3.", ""]
    both = [ANY.validate_python({"type": kind}) for kind in ("distinct", "agreeing")]
    rows = satisfied(both, texts, "?", [0, 0, 1, -1])
    assert rows == [[True, True], [False, True], [True, False], [False, False]]


def test_published_instructions_read_their_own_keys_and_skip_nulls():
    arguments = {"relation": "at least", "num_words": 2, "num_sections": None}
    (one,) = published(["length_constraints:number_words"], [arguments])
    assert (one.relation, one.number) == ("at_least", 2)
    assert published(["punctuation:no_comma"], [None])[0].holds("a", "?")


@pytest.mark.parametrize(
    ("ids", "arguments", "message"),
    [
        (["punctuation:no_coma"], [{}], "did you mean 'punctuation:no_comma'"),
        (["punctuation:no_comma"], [], "1 entries and kwargs 0"),
        (["startend:end_checker"], [{}], "kwargs.end_phrase: Field required"),
    ],
)
def test_what_is_wrong_with_a_row_is_told(ids, arguments, message):
    with pytest.raises(DataError, match=message):
        published(ids, arguments)


def verify(metadata, texts, **settings):
    part = ConstraintCheck(**settings)
    problem = Problem("p", "Say 12.", "", metadata=metadata)
    given = [Solution("p", i, text, None, 1, 1, "stop") for i, text in enumerate(texts)]
    return asyncio.run(part.verify(attempt_of(part, problem, NoModel()), given))


def test_the_score_is_the_satisfaction_rate_over_recipe_and_problem():
    metadata = {
        "instruction_id_list": ["punctuation:no_comma", "detectable_format:title"],
        "kwargs": [{}, {}],
    }
    found = verify(
        metadata,
        ["<<t>> 12", "a, b", "<think>12, 13</think><<t>> 12"],
        constraints=[{"type": "prompt_numbers"}],
    )
    assert [v.score for v in found] == [1.0, 0.0, 1.0]
    assert [v.verdict for v in found] == [True, False, True]
    assert found[0].text == "3 of 3 hold"
    half = verify(metadata, ["<<t>> 1, 2"], constraints=[{"type": "prompt_numbers"}])[0]
    assert half.score == pytest.approx(1 / 3)
    assert half.text == "1 of 3 hold\nnot prompt_numbers\nnot no_comma"


def test_a_problem_without_constraints_is_told():
    with pytest.raises(DataError, match="'p' has no constraints: give some under `constraints`"):
        verify({}, ["a"])
    with pytest.raises(DataError, match="problem 'p': no instruction is called 'x'"):
        verify({"instruction_id_list": ["x"]}, ["a"])


def test_languages_without_the_library_name_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "py3langid", None)
    with pytest.raises(MissingExtra, match=re.escape(with_extra("constraints"))):
        holds("a text of its own", type="language", language="en")


@pytest.mark.slow
def test_a_pattern_that_never_ends_is_told():
    with pytest.raises(DataError, match="no result within 2 s"):
        holds("a" * 50 + "b", type="matches", pattern="(a|a)+$")


RECIPE = """
name: constrained
dataset: {type: nano, levels: [2], problems: 3}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 64}
verifiers:
  - type: constraint
    constraints: [{type: %s}, {type: prompt_numbers}]
policies: [best_of_n]
"""


def test_a_mistaken_kind_is_told_with_its_place():
    with pytest.raises(RecipeError, match=r"constraints\[0\]: 'no_coma' is no type here; did you"):
        parse_recipe(RECIPE % "no_coma")


def test_the_embedded_model_is_scored_by_what_it_wrote(tmp_path):
    path = tmp_path / "constrained.yaml"
    path.write_text(RECIPE % "no_comma")
    run = run_recipe(load_recipe(path, [f"results={tmp_path / 'results'}"])).run
    judged = read_frame(run.table("verifications"), "verifications")
    assert len(judged) == 12
    assert set(judged["score"]) <= {0.5, 1.0}
    assert (judged["completion_tokens"] == 0).all()
