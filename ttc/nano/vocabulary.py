"""The vocabularies of the nano networks: one for the first four, a longer one for later networks,
and one of characters for programs.

The longer one has all tokens of the other under the same ids, then new phrases, so that a network
can start from the weights of an older one. No phrase crosses a place where a prompt may end or a
program's output is inserted.
"""

from __future__ import annotations

from ttc.nano.families.arithmetic import NAMES, THINGS
from ttc.nano.formats import AGAIN, DECISION, OWN_SOLUTION, THE_STEPS, TRIGGERS
from ttc.nano.prompts import (
    FAILS,
    FAULT_IN,
    HEADERS,
    PROGRAM,
    REVISION,
    REWRITE,
    VERDICT,
    WHICH,
)

SPECIALS = ("<pad>", "<unk>", "<eos>")
PAD, UNK, EOS = range(3)
CHARACTERS = ("\n", *map(chr, range(32, 127)))
_PHRASES = (
    "Problem: ", "\nSolution:\n", "\nVerification:\n", VERDICT, " Yes", " No", "Yes", "No",
    "The final answer is", " ok\n", " wrong\n", " ok", " wrong",
    " has ", " more come.", " are lost.", " Then they double.", " Then they triple.",
    " Half are sold.", " more.", " fewer.", " That is ", " more than ", " fewer than ", " has.",
    " That is twice what ", " How many ", " does ", " have?",
    "Start with ", " modulo ", " Plus ", " Times ", " What is left?",
    " is taller than ", " is shorter than ", " Who is ", "tallest?", "shortest?",
)  # fmt: skip
PHRASES = (
    *_PHRASES,
    *NAMES,
    *(f" {name}" for name in NAMES),
    *(f" {thing}." for thing in THINGS),
    *THINGS,
)
BASE = (*SPECIALS, *CHARACTERS, *PHRASES)

# Only behind a colon, and only as the whole number, is a score one token with its space.
SCORES = tuple(f" {n}" for n in range(11))
_JUDGING = (
    *HEADERS.values(), REVISION, "\nAttempt:\n", "\nSolution A:\n", "\nSolution B:\n", WHICH,
    " A", " B", "0.5",
    "<analyze>\n", "\n</analyze>\n<verify>\n```python\nprint(", ")\n```\n</verify>\n",
    "[Code Output]\n```\n", "\n```\n", "<output>\n**Judgement**: $\\boxed{", "}$\n</output>",
    "<think>\n", "Step ", ": ", " The step is \\boxed{", "correct", "incorrect", "}\n", *TRIGGERS,
    DECISION, OWN_SOLUTION, "So I get ", THE_STEPS, AGAIN, "Answer:", "First error: \\boxed{",
    "Score: \\boxed{",
    "More come", "Some are lost", "They double", "They triple", "Half are sold",
    "The next has more", "The next has fewer", "The next has half", "The next has twice",
    "Plus", "Times", "The next is shorter", "The last result",
)  # fmt: skip
EXTENDED = (*BASE, *SCORES, *_JUDGING)

# Programs: characters; only the indentation, words of the language and headings are one token.
_PYTHON = (
    "    ", "def ", "return ", "for ", " in ", " not in ", "if ", "elif ", "else:", "while ",
    "continue", "break", " and ", " or ", "not ", "True", "False", "range(", "len(", ".append(",
    "enumerate(", FAILS, PROGRAM, FAULT_IN, REWRITE, " gave ", " raised ", ", not ", "Error",
)  # fmt: skip
CODE = (*SPECIALS, *CHARACTERS, *_PYTHON)
