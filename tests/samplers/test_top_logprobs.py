"""Solutions keep the solver's own probabilities where a verifier is to read them."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import pytest

from ttc.core import Attempt, Solution, Verification
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.recipe.identity import run_id
from ttc.store.tables import read_frame
from ttc.verifiers import VerifierPart

RECIPE = """
name: sure
dataset: {type: nano, family: arithmetic, levels: [1], problems: 3}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 3, temperature: 1.0, max_tokens: 64%s}
verifiers: [{type: sureness}]
policies: [best_of_n]
results: %s
"""


class Sureness(VerifierPart):
    """Scores a solution by its least likely token, and keeps how many alternatives it saw."""

    type: Literal["sureness"] = "sureness"
    later: ClassVar[frozenset[str]] = frozenset()

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        found = []
        for one in solutions:
            (sample,) = attempt.samples(one)
            tokens = sample.completion.logprobs
            least = min((t.logprob for t in tokens), default=-700.0)
            seen = float(len(tokens[0].top)) if tokens else 0.0
            said = {"text": str(len(tokens)), "score": min(1.0, 2.0**least), "raw": seen}
            found.append(self.verification(one, 0, (), **said))
        return found


def judged(folder, extra=""):
    outcome = run_recipe(parse_recipe(RECIPE % (extra, folder)))
    both = (
        read_frame(outcome.run.table(name), name).set_index(["problem_id", "solution_index"])
        for name in ("solutions", "verifications")
    )
    solutions, verifications = both
    return solutions.join(verifications.add_suffix("_v"))


def test_every_token_and_its_alternatives_reach_the_verifier(own_parts, tmp_path):
    own_parts(Sureness)
    kept = judged(tmp_path, ", top_logprobs: 7")
    assert (kept["text_v"].astype(int) == kept["completion_tokens"]).all()
    assert set(kept["raw_score_v"]) == {7.0}
    assert kept["score_v"].between(0, 1, inclusive="neither").all()
    # Again, from the journal.
    again = judged(tmp_path, ", top_logprobs: 7, logprobs: true")
    assert (again["score_v"] == kept["score_v"]).all()


def test_without_being_asked_for_none_are_kept(own_parts, tmp_path):
    own_parts(Sureness)
    assert set(judged(tmp_path)["text_v"]) == {"0"}


def test_texts_are_the_same_with_and_without(own_parts, tmp_path):
    own_parts(Sureness)
    with_them, without = judged(tmp_path / "a", ", top_logprobs: 3"), judged(tmp_path / "b")
    assert (with_them["text"] == without["text"]).all()


@pytest.mark.parametrize("extra", ["", ", top_logprobs: 0"])
def test_a_field_that_came_later_leaves_run_ids_alone(own_parts, extra):
    own_parts(Sureness)
    plain, told = (run_id(parse_recipe(RECIPE % (e, "r"))) for e in ("", extra))
    assert plain == told
    assert plain != run_id(parse_recipe(RECIPE % (", top_logprobs: 1", "r")))
