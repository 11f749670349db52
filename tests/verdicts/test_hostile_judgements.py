"""Readers of judgements take time linear in the text, and read no text as more than it says."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.core import Solution
from ttc.verdicts.analyses import analysis_of, judgement, program_in
from ttc.verdicts.answer_line import find_answer_line
from ttc.verdicts.boxed import boxed_grade, boxed_index
from ttc.verdicts.letters import find_letter
from ttc.verdicts.programs import after
from ttc.verdicts.ratings import find_rating
from ttc.verdicts.reviews import decision, step_labels
from ttc.verdicts.steps import pieces_of, read_numbered


def solution(text):
    return Solution("p", 0, text, None, 0, 0, "stop")


READERS = [
    analysis_of,
    judgement,
    program_in,
    find_answer_line,
    find_letter,
    boxed_grade,
    boxed_index,
    decision,
    lambda text: find_rating(text, 0, 10),
    lambda text: step_labels(text, 5),
    lambda text: read_numbered(text, 0),
    lambda text: pieces_of(solution(text), "line", 3),
    lambda text: after([text], text),
]
PIECES = [
    "\\boxed{", "\\boxed{1} or ", "\\boxed{correct} ", "{", " ", "\n", "*", "Step 1: ", "Step 2\n",
    "Is the solution correct?", "Is the solution correct? Yes or ", "yes ", "Answer: ", "Answer:\n",
    "Score: ", "rating is ", "Rating 1", "1", "Better: ", "better is ", "Better: A or ",
    "print(", "print(1)\n", "<verify>\n```python\n",
    "```", "</verify>", "<output>", "</analyze>", "<think>", "</think>", "(Yes/No) ", "\\text{",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_any_piece_a_great_many_times(piece):
    text = piece * (200_000 // len(piece))
    began = time.process_time()
    for read in READERS:
        read(text)
    assert time.process_time() - began < 5


@given(st.lists(st.sampled_from([*PIECES, "0", "incorrect}", "No", "Yes}", "}"]), max_size=30))
def test_any_mixture_is_read_without_a_fault(pieces):
    text = "".join(pieces)
    for read in READERS:
        read(text)
    labels, wrong = step_labels(text, 3)
    assert len(labels) in (0, 3)
    assert wrong is None or not any(labels[wrong:])


@given(st.text(max_size=60), st.integers(1, 4))
def test_pieces_of_a_solution_are_its_text(text, most):
    pieces = pieces_of(solution(text), "line", most)
    assert "".join(pieces) == text.strip() or not text.strip() or "<" in text or "[" in text
    assert len(pieces) <= most
