"""What stands in prompts: metadata, and solutions without their thinking."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.core import Problem
from ttc.errors import RecipeError, UsageError
from ttc.pipeline.run import load_problems
from ttc.prompts import PromptTemplate, load_prompt, render_problem, shipped
from ttc.recipe import parse_recipe
from ttc.recipe.prompt_list import shipped_prompts

PROBLEM = Problem(
    "p1",
    "What?",
    "42",
    metadata={"level": 3, "Topic Name": "braces {{ question }}", "none": None, "tags": ["a", "ü"]},
)


def said(text, problem=PROBLEM, **variables):
    return render_problem(PromptTemplate(text=text), problem, **variables).text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ metadata.level }}", "3"),
        ("{{metadata.level}} {{ question }}", "3 What?"),
        ("{{ metadata.Topic Name }}!", "braces {{ question }}!"),
        ("{{ metadata.none }}.", "."),
        ("{{ metadata.tags }}", '["a", "ü"]'),
        ("{{ not one }} { { question } }", "{{ not one }} { { question } }"),
    ],
)
def test_metadata_is_shown_as_text(template, text):
    assert said(template) == text


def test_metadata_that_is_not_there():
    with pytest.raises(UsageError, match=r"'p1' has no metadata 'levl'; it has: .*level"):
        said("{{ metadata.levl }}")


@pytest.mark.parametrize(
    ("solution", "part"),
    [
        ("<think>so</think> It is 7.", "It is 7."),
        ("It is 7.", "It is 7."),
        ("<think>so and so", ""),
        ("well </think>\n\nIt is 7.\n", "It is 7."),
    ],
)
def test_the_answer_part(solution, part):
    assert said("[{{ answer_part }}]", solution=solution) == f"[{part}]"


def test_without_a_solution_there_is_no_answer_part():
    with pytest.raises(UsageError, match="'answer_part' is unknown here"):
        said("{{ answer_part }}")


@given(st.text(), st.text())
def test_what_is_filled_in_is_never_filled_in_again(question, level):
    problem = Problem("p", question, "", metadata={"level": level})
    assert said("{{ question }}|{{ metadata.level }}", problem) == f"{question}|{level}"


RECIPE = """
name: shown
dataset: {{type: file, path: {data}, columns: {{metadata: [level]}}}}
backend: {{type: openai, base_url: "http://127.0.0.1:9/v1", model: m}}
sampler: {{type: independent, solutions: 2}}
verifiers: [{{type: genrm, prompt: {prompt}}}]
"""


def recipe(folder, template, rows):
    data, prompt = folder / "data.jsonl", folder / "judge.yaml"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    prompt.write_text(json.dumps({"messages": [{"role": "user", "content": template}]}))
    return parse_recipe(RECIPE.format(data=data, prompt=prompt), "r.yaml")


ROWS = [{"question": f"{i}?", "answer": "1", "level": i, "other": "x"} for i in range(3)]


def test_a_recipe_with_metadata_and_answer_part(tmp_path):
    found = recipe(tmp_path, "{{ metadata.level }} {{ answer_part }}", ROWS)
    assert len(load_problems(found)) == 3


def test_unknown_metadata_is_told_before_the_first_call(tmp_path):
    found = recipe(tmp_path, "{{ metadata.levels }} {{ solution }}", ROWS)
    with pytest.raises(RecipeError) as error:
        load_problems(found)
    for word in ("verifiers[0].prompt", "the problems have not", "there is: level",
                 "did you mean 'level'", "dataset.columns.metadata"):  # fmt: skip
        assert word in str(error.value)


def test_metadata_that_only_some_problems_have(tmp_path):
    found = recipe(tmp_path, "{{ metadata.level }} {{ solution }}", ROWS)
    problems = load_problems(found)
    from ttc.recipe.prompt_metadata import check_metadata

    with pytest.raises(RecipeError, match="1 problem of 4, such as 'odd', have not"):
        check_metadata(found, [*problems, Problem("odd", "?", "1")])


def test_a_misspelt_variable_is_told_with_those_there_are(tmp_path):
    with pytest.raises(RecipeError, match=r"answer_part, choices, .*metadata\.NAME"):
        recipe(tmp_path, "{{ answerpart }}", ROWS)


def test_every_shipped_prompt_is_listed_and_says_what_it_is_for():
    listed = {one.name: one for one in shipped_prompts()}
    assert list(listed) == list(shipped())
    assert all(one.description for one in listed.values())
    assert "genrm" in listed["genrm-base"].used_by
    assert listed["genrm-base"].variables == ("question", "solution")
    assert listed["nano-solver"].form == "raw"
    assert load_prompt("cot").metadata == ()
