"""What reading and comparing answers costs, per answer, beside the LaTeX parser alone.

Texts and golds are those of the suite (tests/answers/judgements.jsonl). Prints microseconds of
extraction a text, of equivalence a pair (every pair once, nothing remembered, and again with all
remembered), and the second as a multiple of what parsing both sides alone takes in one process.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

from ttc.answers import AnswerRule

TEXTS = Path(__file__).parents[1] / "tests" / "answers" / "judgements.jsonl"
RULES = {
    "math": AnswerRule(),
    "numeric": AnswerRule(equivalence="numeric"),
    "choice": AnswerRule.model_validate({"extract": "choice", "equivalence": "choice"}),
}


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def parse_only(pairs: list[tuple[str, str]]) -> None:
    from latex2sympy2_extended import latex2sympy

    for pair in pairs:
        for text in pair:
            try:
                latex2sympy(text)
            except Exception:  # a benchmark of the parser: what it can't read costs time too
                continue


def main() -> None:
    cases = [json.loads(line) for line in TEXTS.read_text("utf-8").splitlines()]
    long = "We add and multiply 3 by 4, and so on, step by step. " * 40
    texts = [(RULES[c["rule"]], long + c["text"]) for c in cases]
    RULES["math"].equivalent("5 cm", "5 m")  # loads the units, once in a process
    reading = timed(lambda: [rule.extract(text) for rule, text in texts])
    print(f"extraction: {1e6 * reading / len(texts):,.0f} us a text of about 2,000 characters")

    math = RULES["math"]
    found = [(math.extract(c["text"]), c["gold"]) for c in cases if c["rule"] == "math"]
    pairs = [(a, gold) for a, gold in found if a is not None]
    math.equivalent(r"\sqrt{8}", r"2\sqrt{2}")  # starts the worker
    cold = timed(lambda: [math.equivalent(a, b) for a, b in pairs])
    warm = timed(lambda: [math.equivalent(a, b) for a, b in pairs])
    parse_only([("x", "y")])
    alone = timed(lambda: parse_only(pairs))
    print(
        f"equivalence: {1e6 * cold / len(pairs):,.0f} us a pair, {1e6 * warm / len(pairs):,.0f} us "
        f"again; {cold / alone:.2f} times the LaTeX parser on both sides"
    )


if __name__ == "__main__":
    main()
