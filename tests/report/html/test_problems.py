"""What a page tells of a problem, on problems whose every figure is known."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_by_hand import HOSTILE, write_run

from ttc.report.html.build import problem_pages
from ttc.report.html.content import index, parting
from ttc.report.html.problems import turned


def pages(run):
    return list(problem_pages(run, run.manifest()))


def test_the_vote_its_turns_and_what_is_chosen(tmp_path):
    (page,) = pages(write_run(tmp_path, [(0, 1, 1, 0, 0, -1)]))
    data, row = page.data, page.row
    assert [(f["after"], f["before"], f["now"], f["right"]) for f in data["flips"]] == [
        (3, 0, 1, False),
        (4, 1, 0, True),
    ]
    assert [(v["answer"], v["count"], v["right"]) for v in data["votes"]] == [
        ("0", 3, True),
        ("1", 2, False),
        (None, 1, False),
    ]
    chosen = {one["policy"]: (one["answer"], one["right"]) for one in data["chosen"]}
    assert chosen["majority"] == ("0", True)
    assert chosen["first"] == ("0", True)
    assert (row["solutions"], row["right"], row["answers"]) == (6, 3, 2)
    assert (row["vote"], row["flips"], row["turned"], row["tokens"]) == (True, 2, "won", 54)


@pytest.mark.parametrize(
    ("right", "said"),
    [("", ""), ("1", ""), ("11", ""), ("00", ""), ("101", "won"), ("110", "lost"), ("01", "won")],
)
def test_what_more_solutions_did_to_the_vote(right, said):
    assert turned([one == "1" for one in right]) == said


def test_wrong_verdicts_are_those_that_contradict_the_answer(tmp_path):
    verdicts = [(0, True, 1.0), (0, False, 0.0), (1, True, 0.9), (1, None, 0.7), (1, None, None)]
    (page,) = pages(write_run(tmp_path, [(0, 1)], verdicts=verdicts))
    first, second = (one["by"]["judge"] for one in page.data["solutions"])
    assert (first["said"], first["wrong"], first["score"]) == ("YN", [1], [1.0, 0.0])
    # An unreadable verdict that has a score says what its score says; without one, nothing.
    assert (second["said"], second["wrong"], second["p"]) == ("Y??", [0, 1], [0.9, 0.7, None])
    assert (page.row["verdicts"], page.row["wrong"]) == (5, 3)


def test_steps_stand_beside_their_scores(tmp_path):
    steps = {1: (("1+1=2\n", "2+2=5\n", "so 5"), (0.9, 0.2, 0.1))}
    (page,) = pages(write_run(tmp_path, [(0, 1)], steps=steps))
    texts = {one.key: one.text for one in page.texts}
    assert [texts[f"1/step/{k}"] for k in range(3)] == ["1+1=2\n", "2+2=5\n", "so 5"]
    assert page.data["solutions"][1]["by"]["prm"]["steps"] == [[0.9, 0.2, 0.1]]


def test_steps_that_nobody_can_tell_apart_are_left_in_their_text(tmp_path):
    steps = {1: ((), (0.9, 0.2, 0.1))}
    (page,) = pages(write_run(tmp_path, [(0, 1)], steps=steps))
    assert not [one.key for one in page.texts if "step" in one.key]


def test_a_problem_without_solutions_or_answers(tmp_path):
    without, silent = pages(write_run(tmp_path, [(), (-1, -1)]))
    assert without.data["chosen"] == without.data["solutions"] == []
    assert without.row["vote"] is False
    assert {one["answer"] for one in silent.data["chosen"]} == {None}
    assert silent.data["flips"] == []


def test_hostile_texts_are_seen_and_do_nothing(tmp_path):
    (page,) = pages(write_run(tmp_path, [(0,) * 6], texts=HOSTILE))
    texts = {one.key: one.text for one in page.texts}
    assert texts["0"] == HOSTILE[0]
    assert "\\u202e right to left \\u2066" in texts["2"]
    assert "\\x1b[31m, \\x00 and \\u2028" in texts["2"]
    assert "\ud83d" not in texts["3"]
    json.dumps(texts, ensure_ascii=False).encode("utf-8")


def test_secrets_of_the_environment_are_in_no_text(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "sk-0123456789abcdef")
    run = write_run(tmp_path, [(0,)], texts=["the key is sk-0123456789abcdef"])
    (page,) = pages(run)
    assert page.texts[0].text == "the key is [hidden]"


def test_runs_part_where_one_is_right_and_another_is_not(tmp_path):
    first = write_run(tmp_path, [(0, 0, 0), (1, 1, 0), (0, 1)], run_id="a")
    second = write_run(tmp_path, [(0, 0, 1), (0, 0, 1), (0, 1)], run_id="b")
    found = parting([[page.row for page in pages(one)] for one in (first, second)])
    assert [(one["id"], one["vote"]) for one in found] == [("p1", [False, True])]
    assert "majority" in found[0]["choices"]


@given(st.lists(st.sampled_from([None, True, False]), max_size=5))
def test_columns_of_choices_have_a_letter_for_each_problem(values):
    plain = dict.fromkeys(
        ("id", "question", "level", "solutions", "right", "answers", "vote", "flips", "turned",
         "verdicts", "wrong", "tokens"), 0,
    )  # fmt: skip
    rows = [{**plain, "chosen": {} if one is None else {"x": one}} for one in values]
    letters = {None: "-", True: "1", False: "0"}
    wanted = "".join(letters[one] for one in values)
    assert index(rows)["chosen"].get("x", "-" * len(values)) == wanted
