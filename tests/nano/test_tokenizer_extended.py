"""The vocabulary of the judging networks beside that of the first four."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.nano.prompts import (
    HEADERS,
    VERIFICATION,
    WHICH,
    judge_prompt,
    spoc_prompt,
    verifier_prompt,
)
from ttc.nano.tasks import generate
from ttc.nano.tokenizer import TOKENIZERS, VOCABULARY, encode
from ttc.nano.vocabulary import EXTENDED
from ttc.prompts import load_prompt

PRINTABLE = "\n" + "".join(map(chr, range(32, 127)))
LATER = TOKENIZERS["extended"]


def test_the_first_vocabulary_stays_as_it_was() -> None:
    """Committed weights and results depend on it."""
    assert len(VOCABULARY) == 166
    digest = hashlib.sha256("\0".join(VOCABULARY).encode()).hexdigest()
    assert digest.startswith("11769ae009a93215")
    prompt = verifier_prompt(
        "Ann has 14 pens. 7 more come. How many pens does Ann have?", "14+7=21"
    )
    assert encode(prompt)[:9] == [99, 138, 112, 21, 24, 154, 4, 27, 113]


def test_the_longer_vocabulary_only_appends() -> None:
    assert EXTENDED[: len(VOCABULARY)] == VOCABULARY
    assert len(set(EXTENDED)) == len(EXTENDED)


@given(st.text(alphabet=PRINTABLE))
def test_printable_ascii_survives(text: str) -> None:
    assert LATER.decode(LATER.encode(text)) == text


@given(
    st.sampled_from(["arithmetic", "modular", "order"]), st.integers(1, 5), st.integers(0, 10**6)
)
def test_what_solver_and_verifier_read_is_encoded_alike(family: str, level: int, at: int) -> None:
    """A network that starts from their weights reads the same tokens."""
    problem = generate(family, level, 3, at)
    checks = "".join(f"{step} ok\n" for step in problem.steps)
    text = verifier_prompt(problem.question, problem.solution) + checks
    assert LATER.encode(text) == encode(text)


@pytest.mark.parametrize("score", [f" {n}" for n in range(11)])
def test_a_score_is_one_token_behind_its_header_only(score: str) -> None:
    prompt = judge_prompt("score-10", "x", "1+1=2")
    assert len(LATER.encode(score)) == 1
    assert LATER.encode(prompt + score) == [*LATER.encode(prompt), *LATER.encode(score)]
    assert len(LATER.encode(f"is{score}")) == 2 + len(score)


@pytest.mark.parametrize("header", [*HEADERS.values(), VERIFICATION, WHICH])
def test_a_header_is_one_token_behind_a_solution(header: str) -> None:
    solution = generate("arithmetic", 3, 0, 0).solution
    assert len(LATER.encode(solution + header)) == len(LATER.encode(solution)) + 1


@pytest.mark.parametrize("header", HEADERS)
def test_templates_are_the_formats(header: str) -> None:
    template = load_prompt(f"nano-{header}")
    names = {name: f"<{name}>" for name in ("question", "solution", "summary", "verification")}
    solution = names["summary" if header == "opv" else "solution"]
    prompt = judge_prompt(header, names["question"], solution)  # type: ignore[arg-type]
    if header == "meta":
        prompt = judge_prompt("grade", names["question"], solution)
        prompt += names["verification"] + HEADERS["meta"]
    assert template.render(**names).text == prompt


def test_templates_of_the_roles() -> None:
    assert load_prompt("nano-spoc").render(question="q").text == spoc_prompt("q")
    assert load_prompt("nano-self").render().text == VERIFICATION
