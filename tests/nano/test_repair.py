"""Broken functions with exact tests: what is drawn, what is broken, what is kept apart."""

import pytest

from ttc.nano.prompts import repair_prompt
from ttc.nano.repair.faults import faults
from ttc.nano.repair.running import compiled
from ttc.nano.repair.tasks import calls, draw
from ttc.nano.repair.templates import templates
from ttc.nano.tasks import split_of
from ttc.nano.tokenizer import TOKENIZERS, UNK

CODE = TOKENIZERS["code"]
BOTH = [draw(kind, 3, i) for kind in ("known", "unseen") for i in range(60)]


def test_a_problem_is_a_function_of_its_address() -> None:
    # A change here changes every published figure: bump the weights and the card with it.
    problem = draw("known", 0, 0, "train")
    assert problem.question == (
        "Fails: f([8, 8, 6, 7, 8]) gave 2, not 3\n"
        "Program:\n"
        "1 def f(row):\n"
        "2     best = 0\n"
        "3     for p in range(len(row) - 1):\n"
        "4         if row[p] >= row[p + 1]:\n"
        "5             best += 1\n"
        "6     return best"
    )
    assert problem.patch == " 4\nRewrite:        if row[p] <= row[p + 1]:"
    assert calls(problem, 3, "a") == calls(problem, 3, "a")


@pytest.mark.parametrize("problem", BOTH, ids=lambda p: p.id)
def test_one_line_is_at_fault_and_a_call_shows_it(problem) -> None:
    pairs = list(zip(problem.right, problem.broken, strict=True))
    assert [i for i, (a, b) in enumerate(pairs, 1) if a != b] == [problem.line]
    good, bad = compiled(problem.right), compiled(problem.broken)
    arguments, wanted = problem.failing
    assert repr(good(arguments).value) == repr(wanted)
    assert not bad(arguments).same(good(arguments))
    for arguments, wanted in calls(problem, 8, "any"):
        assert repr(good(arguments).value) == repr(wanted)
        assert repr(arguments) != repr(problem.failing[0])


def test_training_functions_and_held_out_ones_are_apart() -> None:
    for i in range(40):
        held, taught = draw("known", 1, i), draw("known", 1, i, "train")
        assert split_of("repair", "\n".join(held.right)) == "heldout"
        assert split_of("repair", "\n".join(taught.right)) == "train"
    known = {template.text for template in templates("known")}
    unseen = {template.text for template in templates("unseen")}
    assert len(known) > 70
    assert len(unseen) >= 16
    assert not known & unseen


def test_faults_by_hand() -> None:
    lines = ["def f(xs, n):", "    for x in xs[1:]:", "        if x < n and x > 2:", "    return n"]
    found = {
        (kind, fault.line, fault.text) for kind, some in faults(lines).items() for fault in some
    }
    assert ("operator", 2, "        if x <= n and x > 2:") in found
    assert ("missing", 2, "        if x < n:") in found
    assert ("variable", 3, "    return x") in found
    assert ("constant", 1, "    for x in xs[0:]:") in found
    assert not any(line == 0 for _, line, _ in found)


def test_loops_without_end_are_ended() -> None:
    call = compiled(["def f(n):", "    while n:", "        n += 1", "    return n"])
    assert call([1]).raised == "Endless"
    assert call([0]).value == 0
    assert compiled(["def f(n:"]) is None


@pytest.mark.parametrize("problem", BOTH[::7], ids=lambda p: p.id)
def test_a_program_is_read_token_by_token(problem) -> None:
    """The patch is asked for behind the whole text, or behind the number of its line."""
    prompt = repair_prompt(problem.question)
    ids = CODE.encode(prompt + problem.patch)
    assert UNK not in ids
    assert CODE.decode(ids) == prompt + problem.patch
    assert ids == CODE.encode(prompt) + CODE.encode(problem.patch)
    line, rewritten = problem.patch.split("\nRewrite:")
    assert ids == CODE.encode(f"{prompt}{line}\nRewrite:") + CODE.encode(rewritten)
