"""GenPRM: an analysis of each step, programs that run, and rewards at the judgement."""

import json
import re

import pytest
from writers import Sandbox, Writer, verify, written

from ttc.core import Executed
from ttc.verdicts.analyses import code_output, judgement, program_in
from ttc.verdicts.programs import after
from ttc.verifiers.genprm import GenPRM

NANO = {"prompt": "nano-genprm", "steps": "line"}
TEXT = "2+3=5\n5-1=3\nThe final answer is 3."
ANALYSIS = "<analyze>\nIt has: {0}\n</analyze>\n<verify>\n```python\nprint({0})\n```\n</verify>\n"
JUDGE = "Judge the last step.\n"
CHECKS = {"2+3=5": "2+3", "5-1=3": "5-1", "The final answer is 3.": "3"}
PS = {"2+3=5": (0.8, 0.1), "5-1=3": (0.1, 0.3), "The final answer is 3.": (0.6, 0.2)}


def judged(says, **ps):
    return written(f"<output>\n**Judgement**: $\\boxed{{{says}}}$\n</output>", at=says, **ps)


def step_in(text):
    return text.split(f"\n{JUDGE}")[0].rsplit("\n", 1)[-1]


def says(text, number):
    """An analysis with a program; then, where its output stands there, a judgement."""
    step = step_in(text)
    if text.endswith(JUDGE):
        return ANALYSIS.format(CHECKS[step])
    yes, no = PS[step]
    return judged("Yes" if yes > no else "No", Yes=yes, No=no, Maybe=1 - yes - no)


def test_rewards_are_p_yes_over_both_at_each_step_s_judgement():
    judge, sandbox = Writer(says), Sandbox()
    (found,) = verify(GenPRM(**NANO), judge, [TEXT], sandbox)
    assert found.step_scores == pytest.approx((0.8 / 0.9, 0.25, 0.75))
    assert found.score == pytest.approx(0.75), "PRM-Last"
    assert (found.verdict, found.first_wrong_step) == (False, 1)
    head = f"Problem: What is 2 + 3 - 1?\nSolution:\n2+3=5\n5-1=3\n{JUDGE}"
    second = [text for text, *_ in judge.asked if text.startswith(head) and text != head]
    assert second == [head + ANALYSIS.format("5-1") + "[Code Output]\n```\n4\n```\n"]
    assert second[0].removeprefix(head) in found.text, "the critique has what was run"
    assert len(sandbox.ran) == 3
    assert judge.given == 6


@pytest.mark.parametrize(("how", "score"), [("last", 0.75), ("min", 0.25), ("mean", 0.62963)])
def test_aggregates(how, score):
    (found,) = verify(GenPRM(**NANO, aggregate=how), Writer(says), [TEXT], Sandbox())
    assert found.score == pytest.approx(score, abs=1e-5)


def test_maj_at_n_is_the_mean_reward_of_each_step():
    def unsure(text, number):
        if text.endswith(JUDGE):
            return judged("Yes", Yes=[0.9, 0.2][number], No=[0.1, 0.8][number])
        raise AssertionError(text)

    part = GenPRM(**NANO, votes=2, aggregate="min")
    (found,) = verify(part, Writer(unsure), ["2+3=5"], Sandbox())
    assert found.step_scores == pytest.approx(((0.9 + 0.2) / 2,))
    assert found.verdict is True


def test_a_word_that_is_not_listed_has_the_most_that_it_can_have():
    said = judged("Yes", Yes=0.8, Maybe=0.1, Well=0.05)
    (found,) = verify(GenPRM(**NANO), Writer(lambda *_: said), ["4"], Sandbox())
    assert found.score == pytest.approx(0.8 / 0.85)


def test_without_probabilities_a_reward_is_the_word():
    judge = Writer(lambda *_: judged("No"), logprobs=0)
    (found,) = verify(GenPRM(**NANO), judge, ["4"], Sandbox())
    assert (found.score, found.first_wrong_step) == (0.0, 0)


@pytest.mark.parametrize("word", ["Yes", "No"])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.97])
@pytest.mark.parametrize("forced", [False, True])
def test_a_word_of_which_alone_the_probability_is_known_stays_what_it_is(word, p, forced):
    def says(text, number):
        begun = text.endswith("$\\boxed{")
        return written(f"{word}}}$", at=word, **{word: p}) if begun else no_judgement

    no_judgement = "I can't tell." if forced else judged(word, **{word: p})
    (found,) = verify(GenPRM(**NANO, logprobs=0), Writer(says), ["4"], Sandbox())
    assert found.verdict is (word == "Yes")
    assert found.first_wrong_step == (None if word == "Yes" else 0)
    assert found.score != 0.5


@pytest.mark.parametrize(("p", "reward"), [({"Yes": 0.3, "No": 0.1}, 0.75), ({"So": 1.0}, 0.5)])
def test_after_three_programs_the_judgement_is_forced_by_the_analysis(p, reward):
    def says(text, number):
        if text.endswith("$\\boxed{"):
            return written(f"{next(iter(p))}}}$", at=next(iter(p)), **p)
        begun = "" if text.endswith(JUDGE) else "Once more.\n"
        return begun + ANALYSIS.format("2+3")

    judge, sandbox = Writer(says), Sandbox()
    (found,) = verify(GenPRM(**NANO), judge, ["2+3=5"], sandbox)
    assert found.score == pytest.approx(reward)
    assert len(sandbox.ran) == 3
    text, params, _ = judge.asked[-1]
    behind = text.split(JUDGE)[1]
    assert behind == "<analyze>\nIt has: 2+3\n</analyze>\n<output>\n**Judgement**: $\\boxed{"
    assert params.max_tokens == 20


def test_names_are_kept_between_steps_and_earlier_output_is_cut():
    blocks = ["x = 40\nprint('first')", "print(x + 2)", "print(undefined)"]

    def says(text, number):
        if "[Code Output]" in text.split(JUDGE)[1]:
            return judged("Yes")
        block = blocks[text.split(f"\n{JUDGE}")[0].count("step")]
        return f"<verify>\n```python\n{block}\n```\n</verify>"

    judge = Writer(says)
    verify(GenPRM(**NANO), judge, ["a\nstep\nstep"], Sandbox())
    outputs = [re.search(r"\[Code Output\]\n```\n(.*?)\n```\n$", t, re.S) for t, *_ in judge.asked]
    said = [found[1] for found in outputs if found]
    assert said == ["first", "42", "NameError: name 'undefined' is not defined"]


def test_unexecuted_the_model_goes_on_by_itself():
    text = ANALYSIS.format("2+3") + judged("Yes").text
    judge, sandbox = Writer(lambda *_: written(text, at="Yes", Yes=0.6, No=0.4)), Sandbox()
    part = GenPRM(**NANO, execute=False)
    (found,) = verify(part, judge, ["2+3=5"], sandbox)
    assert found.score == pytest.approx(0.6)
    assert (judge.given, sandbox.ran, part.executes) == (1, [], False)


@pytest.mark.parametrize(("limit", "programs"), [(5, None), (99, 2)])
def test_what_the_budget_cuts_is_not_scored(limit, programs):
    judge, sandbox = Writer(says, limit=limit), Sandbox(programs)
    assert verify(GenPRM(**NANO), judge, [TEXT], sandbox) == []


def test_a_solution_that_is_whole_is_scored_though_others_are_cut():
    judge = Writer(lambda *_: judged("Yes", Yes=0.9, No=0.1), limit=3)
    found = verify(GenPRM(**NANO), judge, ["4", "2+3=5\n5-1=4"], Sandbox())
    assert [v.solution_index for v in found] == [0, 1]
    judge = Writer(lambda *_: judged("Yes", Yes=0.9, No=0.1), limit=2)
    found = verify(GenPRM(**NANO), judge, ["4", "2+3=5\n5-1=4"], Sandbox())
    assert [v.solution_index for v in found] == [0]


def test_long_solutions_end_in_one_long_step():
    judge = Writer(lambda *_: judged("Yes"))
    part = GenPRM(**NANO, most_steps=2)
    (found,) = verify(part, judge, ["a\nb\nc\nd"], Sandbox())
    assert len(found.step_scores) == 2
    assert "Solution:\na\nb\nc\nd\nJudge" in judge.asked[-1][0]
    assert part.most_samples(3) == {"verifier": 3 * 2 * 5}
    (blank,) = verify(part, judge, [" \n"], Sandbox())
    assert (blank.score, blank.verdict, blank.step_scores) == (None, None, ())


def test_served_judges_see_what_they_said_before():
    judge = Writer(lambda *_: judged("Yes"))
    verify(GenPRM(), judge, ["one\n\ntwo"], Sandbox())
    assert "The step to judge:\ntwo\n" in judge.asked[1][0]
    assert judge.asked[1][0].count("<output>\n**Judgement**: $\\boxed{Yes}$") == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<output>\n**Judgement**: $\\boxed{Yes}$\n</output>", True),
        ("Is it \\boxed{Yes}?\n<output>\n**Judgement**: $\\boxed{No}$\n</output>", False),
        ("<output>$\\boxed{Yes}$ no: $\\boxed{no}$</output>", False),
        ("\\boxed{Yes}</verify>", None),
        ("\\boxed{Yes}<output>", None),
        ("$\\boxed{\\text{Yes}}$", True),
        ("<output>$\\boxed{Ye", None),
        ("<output>$\\boxed{Yes or No}$", None),
        ("<output>$\\boxed{42}$", None),
    ],
)
def test_judgements(text, says):
    found = judgement(text)
    assert (None if found is None else found.says) is says


def test_programs_in_texts():
    assert program_in("<verify>\n```python\nprint(1)\n```\n") == "print(1)\n"
    assert program_in("<verify>\n```\n1\n```\n```py\n2") == "2"
    assert program_in("<verify>no code") is None
    assert program_in("```python\nprint(1)\n```") is None
    assert program_in("<verify>\n```python\n1\n```\n</verify>") is None


def test_what_is_put_in_of_a_program():
    def done(ended, code, out="", err=""):
        return code_output(Executed(ended, code, None, out, err, 0.1, 0.1))

    assert done("exit", 0, "4\n") == "[Code Output]\n```\n4\n```\n"
    trace = 'Traceback:\n  File "/somewhere/x.py", line 1\nZeroDivisionError: division by zero\n'
    assert done("exit", 1, "4\n", trace) == (
        "[Code Output]\n```\n4\nZeroDivisionError: division by zero\n```\n"
    )
    assert done("time", None) == "[Code Output]\n```\nstopped: time\n```\n"
    assert len(done("exit", 0, "9" * 10**6)) < 2100


def test_blocks_that_only_print_numbers_leave_nothing():
    assert after(["print(27-14)\n", "print(3 // 2, 7%3)"], "print(1)") == "print(1)"
    assert after(["x = 1"], "print(x)") != "print(x)"


def run_at_each_step(program):
    """The verification of three steps, each checked by the same program; and what was run."""

    def says(text, number):
        if text.endswith(JUDGE):
            return f"<analyze>\nso\n</analyze>\n<verify>\n```python\n{program}\n```\n</verify>\n"
        return judged("Yes", Yes=1.0)

    sandbox = Sandbox()
    (found,) = verify(GenPRM(**NANO), Writer(says), [TEXT], sandbox)
    return found, sandbox.ran


@pytest.mark.parametrize(
    "program", ["import time\ntime.sleep(0.01)\nprint('ok')", "x = 1\nprint(x)"]
)
def test_a_program_has_its_time_though_earlier_ones_run_before_it(program):
    limits = [json.loads(one)["limits"] for one in run_at_each_step(program)[1]]
    assert [one["wall_s"] for one in limits] == [5.0, 10.0, 15.0]
    assert [one["cpu_s"] for one in limits] == [5.0, 10.0, 15.0]


def test_what_is_drawn_stays_what_it_was():
    """Earlier programs run again before each later one, which must find what they left."""
    program = "import random\nif 'x' not in globals(): x = random.random()\nprint(x)"
    outputs = re.findall(r"\[Code Output\]\n```\n(.*?)\n```", run_at_each_step(program)[0].text)
    assert len(outputs) == 3
    assert len(set(outputs)) == 1
