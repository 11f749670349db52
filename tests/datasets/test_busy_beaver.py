"""Turing machines that halt: against a second simulator, all machines of two states, champions."""

import random
import re
from itertools import islice, product

import pytest
from block_machine import halting
from hypothesis import given, settings
from hypothesis import strategies as st
from lean_checking import LEAN, accepted_by_lean, read_by_lexer
from pydantic import ValidationError

from ttc.datasets.busy_beaver import BusyBeaver
from ttc.datasets.turing.drawing import LEVELS, Level, machines
from ttc.datasets.turing.machine import HALT, Machine, canonical, parsed, run
from ttc.errors import DataError
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame

CHAMPIONS = {
    "1RB1LB_1LA1RZ": (6, 4),
    "1RB1RZ_1LB0RC_1LC1LA": (21, 5),
    "1RB1LB_1LA0LC_1RZ1LD_1RD0RA": (107, 13),
    "1RB2LB1RZ_2LA2RB1LB": (38, 9),
}
BB5 = ("1RB1LC_1RC1RB_1RD0LE_1LA1LD_1RZ0LA", 47_176_870, 4098)


@pytest.mark.parametrize("text", CHAMPIONS)
def test_champions(text):
    found = run(parsed(text), 1000)
    assert (found.steps, found.ones) == halting(text, 1000) == CHAMPIONS[text]
    assert str(parsed(text)) == text
    assert run(parsed(text), found.steps - 1) is None


def test_the_champion_of_five_states():
    text, steps, ones = BB5
    assert halting(text, 50_000_000) == (steps, ones)


def test_an_undefined_transition_halts_as_1RZ():
    whole, undefined = (run(parsed(f"1RB1RB_1LA{end}"), 99) for end in ("1RZ", "---"))
    assert whole == undefined


def every_machine(states, symbols):
    moves = [
        (write, move, to)
        for write in range(symbols)
        for move in (-1, 1)
        for to in (HALT, *range(states))
    ]
    for flat in product(moves, repeat=states * symbols):
        rows = [flat[i : i + symbols] for i in range(0, len(flat), symbols)]
        yield Machine(tuple(map(tuple, rows)))


def test_all_machines_of_two_states_are_found_and_none_twice():
    level = Level(2, 2, 5, 6)
    wanted = {
        canonical(m, 6) for m in every_machine(2, 2) if (found := run(m, 6)) and found.steps >= 5
    }
    drawn = [canonical(machine, 6) for machine, _ in machines(level, random.Random(0))]
    assert max(run(m, 100).steps for m in every_machine(2, 2) if run(m, 100)) == 6  # BB(2)
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == wanted


@pytest.mark.parametrize("level", LEVELS.values())
def test_machines_of_a_level_are_within_it(level):
    texts = set()
    for machine, found in islice(machines(level, random.Random(1)), 4):
        assert (machine.states, machine.symbols) == (level.states, level.symbols)
        assert level.low <= found.steps <= level.high
        assert halting(str(machine), level.high) == (found.steps, found.ones)
        assert {q for q, _ in found.used} == set(range(level.states))
        texts.add(canonical(machine, level.high))
    assert len(texts) == 4


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 10**6))
def test_names_direction_and_what_is_unused_make_no_other_machine(rng, seed):
    level = LEVELS[4]
    machine, found = next(machines(Level(4, 3, 8, 20), random.Random(seed)))
    states = [0, *rng.sample(range(1, 4), 3)]
    symbols = [0, *rng.sample((1, 2), 2)]
    flip = rng.choice((-1, 1))
    table = [[(0, 1, 0)] * 3 for _ in range(4)]
    for q, s in found.used:
        write, move, to = machine.table[q][s]
        there = states[to] if to != HALT else HALT
        table[states[q]][symbols[s]] = (symbols[write], move * flip, there)
    other = Machine(tuple(map(tuple, table)))
    assert canonical(other, level.high) == canonical(machine, level.high)
    assert run(other, 20).steps == found.steps


def test_problems_ask_of_the_machine_in_their_metadata():
    for ask, which in (("steps", 0), ("ones", 1)):
        problems = BusyBeaver(problems=7, ask=ask).load()
        assert problems == BusyBeaver(problems=9, ask=ask).load()[:7]
        assert [p.metadata["level"] for p in problems] == [1, 2, 3, 1, 2, 3, 1]
        for problem in problems:
            machine = problem.metadata["machine"]
            assert problem.answer == str(halting(machine, 1000)[which])
            assert _from_words(problem.question) == machine
            rule = BusyBeaver.default_answers
            assert rule.equivalent(rule.extract(f"So \\boxed{{{problem.answer}}}"), problem.answer)
    other = BusyBeaver(problems=7, seed=1).load()
    assert not {p.question for p in other} & {p.question for p in problems}


def _from_words(question):
    rule = r"In state (.) reading (.): writes (.), moves (l|r)\w+, (?:(halts)|goes to state (.))"
    table = {}
    for q, _, write, move, halts, to in re.findall(rule, question):
        table.setdefault(q, []).append(f"{write}{move.upper()}{'Z' if halts else to}")
    return "_".join("".join(row) for row in table.values())


def test_what_is_no_machine_and_what_is_too_much_is_said(monkeypatch):
    for text in ("", "1RB", "1RB1LB_1LA", "1RB1XB_1LA1RZ", "2RB1LB_1LA1RZ", "1RC1LB_1LA1RZ"):
        with pytest.raises(ValueError, match=r"1RB1LB_1LA1RZ|names a state"):
            parsed(text)
    monkeypatch.setitem(LEVELS, 1, Level(2, 2, 6, 6))
    with pytest.raises(DataError, match=r"dataset.problems: level 1 has \d+ problems that differ"):
        BusyBeaver(levels=[1], problems=500).load()
    with pytest.raises(ValidationError, match="less than or equal to 5"):
        BusyBeaver(levels=[6])


def test_the_statement_is_lean_and_holds_the_whole_machine():
    for problem in BusyBeaver(problems=6, ask="ones").load():
        text, machine = problem.metadata["lean"], parsed(problem.metadata["machine"])
        read_by_lexer(text)
        rows = re.findall(r"\| (\d), (\d) => \((\d), \.(\w+), (?:none|some (\d))\)", text)
        table = {
            (int(q), int(s)): (int(w), -1 if m == "left" else 1, int(to) if to else HALT)
            for q, s, w, m, to in rows
        }
        assert table == {
            (q, s): one for q, r in enumerate(machine.table) for s, one in enumerate(r)
        }
        steps, _ = halting(str(machine), 100)
        assert f"theorem halts_after : HaltsAfter {steps} := by\n  sorry\n" in text


@pytest.mark.skipif(not LEAN, reason="lean is not installed")
@pytest.mark.timeout(1600)
def test_lean_proves_the_right_number_of_steps_and_no_other():
    texts, wanted = [], []
    for problem in BusyBeaver(problems=20).load():
        steps = int(problem.answer)
        proof = problem.metadata["lean"].replace("sorry", "unfold HaltsAfter; decide")
        for said in (steps, steps - 1, steps + 1):
            texts.append(proof.replace(f": HaltsAfter {steps}", f": HaltsAfter {said}"))
            wanted.append(said == steps)
        texts.append(problem.metadata["lean"])
        wanted.append(True)
    assert accepted_by_lean(texts) == wanted


def test_the_recipe_runs(tmp_path):
    prompt = tmp_path / "machine.yaml"  # the embedded models have short contexts
    prompt.write_text('text: "{{ metadata.machine }}"')
    few = [
        *("dataset.problems=3", "sampler.solutions=2", "sampler.max_tokens=8"),
        *(f"sampler.prompt={prompt}", f"results={tmp_path}"),
        "backend={type: nano, model: nano-solver}",
    ]
    run = run_recipe(load_recipe("datasets/busy_beaver", few)).run
    problems = read_frame(run.problems, "problems")
    assert list(problems["level"]) == [1, 2, 3]
    assert len(read_frame(run.solutions, "solutions")) == 6
