"""Answer classes: which solutions of a problem gave the same answer.

Votes are counted over classes, so grouping must not depend on the order in which solutions
arrived. Since equivalence need not be transitive, grouping goes by comparison with the founder of
each class: gold founds the first, then distinct answers come by falling frequency (ties: by
spelling), join the oldest class whose founder they equal, or found a new one. Classes are numbered
at the end by first appearance. Permuting the solutions thus permutes the indices and nothing else.

Cost: one `form` per distinct answer, and comparisons only between kinds that a rule lets cross
(two different integers never meet), not per solution.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ttc.answers.equivalence import Form, Rule


@dataclass(frozen=True)
class AnswerClasses:
    """Answer classes of one problem, numbered by first appearance."""

    index: NDArray[np.int32]
    """(solutions,) class of each solution; -1 for a missing or empty answer."""
    representatives: tuple[str, ...]
    """(classes,) most frequent spelling of each class."""
    gold: int
    """The class equivalent to the gold answer; -1 if no solution gave it (or gold is None)."""
    scores: NDArray[np.float64] | None = None
    """(solutions,) scores in [0, 1] by a checker, where the rule has one; nan for no answer."""

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(solutions,) whether each solution is equivalent to gold."""
        return np.asarray((self.index == self.gold) & (self.index >= 0))

    def score(self, solution: int) -> float | None:
        """The checker's score of a solution, if there is one."""
        if self.scores is None or np.isnan(self.scores[solution]):
            return None
        return float(self.scores[solution])

    @property
    def counts(self) -> NDArray[np.int64]:
        """(classes,) number of solutions in each class."""
        return np.bincount(self.index[self.index >= 0], minlength=len(self.representatives))

    def __len__(self) -> int:
        return len(self.representatives)


class _Book:
    """Classes founded so far."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.founders: list[Form] = []
        self.by_key: dict[str, int] = {}
        self.expressions: list[int] = []  # founders that are no plain numbers
        self.numbers: list[tuple[float, int]] = []  # founders that are, by value

    def place(self, form: Form) -> int:
        """The class of a form, founded if need be."""
        found = self.by_key.get(form.key)
        if found is None:
            found = next((c for c in self._candidates(form) if self._same(c, form)), None)
            if found is None:
                found = self._founded(form)
            self.by_key[form.key] = found
        return found

    def _founded(self, form: Form) -> int:
        new = len(self.founders)
        self.founders.append(form)
        if form.number is None:
            self.expressions.append(new)
        else:
            insort(self.numbers, (form.approximate, new))
        return new

    def _candidates(self, form: Form) -> list[int]:
        """Oldest first. Of numbers only the near ones, so thousands of them stay cheap."""
        if form.kind == "word":
            return []
        if form.number is None:
            return sorted([*self.expressions, *(c for _, c in self.numbers)])
        near = {
            c
            for low, high in self.rule.reach(form)
            for _, c in self.numbers[
                bisect_left(self.numbers, (low, -1)) : bisect_right(
                    self.numbers, (high, len(self.founders))
                )
            ]
        }
        return sorted(near.union(self.expressions))

    def _same(self, founder: int, form: Form) -> bool:
        known = self.founders[founder]
        return self.rule.crosses(known.kind, form.kind) and self.rule.same(known, form)


def answer_classes(answers: Sequence[str | None], gold: str | None, rule: Rule) -> AnswerClasses:
    """Group the answers of one problem. answers: (solutions,); see the module for the order."""
    counts = Counter(answer for answer in answers if _is_answer(answer))
    forms = {answer: rule.form(answer) for answer in counts if answer is not None}
    book = _Book(rule)
    gold_founder = book.place(rule.form(gold)) if gold is not None and _is_answer(gold) else -1
    for key_form in _by_frequency(forms, counts):
        book.place(key_form)
    founder = {answer: book.by_key[form.key] for answer, form in forms.items()}
    return _numbered(answers, founder, gold_founder, counts)


def classify_many(
    problems: Iterable[tuple[Sequence[str | None], str | None]], rule: Rule, n_jobs: int = 1
) -> list[AnswerClasses]:
    """`answer_classes` of many problems (answers, gold), in order, the same for every n_jobs.

    Joblib threads, not processes: the slow part already runs in the math workers, so threads keep
    all cores busy without pickling or a second copy of every library.
    """
    todo = list(problems)
    if n_jobs == 1 or len(todo) < 2:
        return [answer_classes(answers, gold, rule) for answers, gold in todo]
    from joblib import Parallel, delayed

    work = delayed(answer_classes)
    jobs = Parallel(n_jobs=n_jobs, prefer="threads")
    return list(jobs(work(answers, gold, rule) for answers, gold in todo))


def _is_answer(answer: str | None) -> bool:
    return answer is not None and bool(answer.strip())


def _by_frequency(forms: dict[str, Form], counts: Counter[str | None]) -> list[Form]:
    """One form per key, most frequent key first; independent of the order of solutions."""
    weight: Counter[str] = Counter()
    by_key: dict[str, Form] = {}
    for answer in sorted(forms):
        form = forms[answer]
        weight[form.key] += counts[answer]
        by_key.setdefault(form.key, form)
    return [by_key[key] for key in sorted(by_key, key=lambda k: (-weight[k], len(k), k))]


def _numbered(
    answers: Sequence[str | None],
    founder: dict[str, int],
    gold_founder: int,
    counts: Counter[str | None],
) -> AnswerClasses:
    """Renumber by first appearance and pick the most frequent spelling of each class."""
    number: dict[int, int] = {}
    spelling: dict[int, str] = {}
    index = np.full(len(answers), -1, dtype=np.int32)
    for i, answer in enumerate(answers):
        if answer is not None and answer in founder:
            index[i] = number.setdefault(founder[answer], len(number))
    for answer in sorted(founder, key=lambda a: (-counts[a], len(a), a)):
        spelling.setdefault(number[founder[answer]], answer)
    representatives = tuple(spelling[i] for i in range(len(number)))
    return AnswerClasses(index, representatives, number.get(gold_founder, -1))
