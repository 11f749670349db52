"""Recipes of program repair: on the embedded network, and on a file of broken functions."""

import pytest
from repairing import repaired, run_small

from ttc.recipe import load_recipe
from ttc.recipe.shipped import find_recipe
from ttc.store.tables import read_frame

MENDED = {
    "clamp": ("return low\n    return x", "return high\n    return x"),
    "median": ("xs[n // 2] + xs[n // 2 + 1]", "xs[n // 2 - 1] + xs[n // 2]"),
    "runs": ("append(count)", "append(count)\n            count = 0"),
    "digits": ("total = 0", "total, n = 0, abs(n)"),
    "rotate": ("k % len(xs)", "k % (len(xs) or 1)"),
    "merge": ("= end", "= max(end, out[-1][1])"),
}
RECIPE = load_recipe(find_recipe("repair_server"))
PROBLEMS = {problem.id: problem for problem in RECIPE.dataset.load()}


@pytest.mark.parametrize("name", MENDED)
def test_the_functions_of_the_file_are_broken_and_can_be_mended(name):
    problem = PROBLEMS[name]
    broken = problem.metadata["program"]
    mended = broken.replace(*MENDED[name])
    classes = RECIPE.answers.classify([broken, mended], problem.answer)
    assert classes.correct.tolist() == [False, True]
    assert broken in problem.question


def test_a_chat_model_repairs_a_function_of_the_file_in_stages():
    problem = PROBLEMS["merge"]
    mended = problem.metadata["program"].replace(*MENDED["merge"])

    def says(text, number):
        assert "out[-1][1] = end" in text
        if "Which line" in text:
            return "It forgets the longer end." if number else "It sorts."
        return f"Here:\n```python\n{mended}\n```" if "longer end" in text else "I don't know."

    (found,), _, _ = repaired(RECIPE.sampler, says, problem)
    assert RECIPE.answers.extract(found.text) == mended


def test_first_accepted_buys_more_than_the_first_on_the_embedded_network(tmp_path):
    run = run_small(tmp_path, "repair", "sampler.solutions=6").run
    curves = read_frame(run.curves, "curves")
    at = curves.groupby("policy", observed=True)["success"].max()
    accepted = next(name for name in at.index if name.startswith("first_accepted"))
    assert at[accepted] >= at["first"]
    assert at["oracle"] >= at[accepted]
