"""DeepConf online: who is cut where, what that costs, and who votes."""

import asyncio

from attempts import attempt_of

from ttc.core import Capabilities, Completion, ModelIdentity, Problem, TokenLogprob
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.samplers.deepconf import DeepConf
from ttc.samplers.independent import Independent
from ttc.store.tables import read_frame

PROBLEM = Problem("p", "?", "7")


class Scripted:
    """Writes given solutions one after the other, a letter a token, each with its confidence.

    scripts: (text, confidences). Those that it has begun it goes on with, by their prefill.
    """

    capabilities = Capabilities(raw=True, prefill=True, logprobs=20)
    identity = ModelIdentity("test", "scripted")

    def __init__(self, *scripts, context=1000, fails=""):
        self.scripts, self.begun, self.written = list(scripts), 0, 0
        self.context, self.fails = context, fails

    async def sample(self, prompt, params, n, **_):
        if prompt.prefill:
            (script,) = [s for s in self.scripts if s[0].startswith(prompt.prefill)]
            return [self._piece(script, len(prompt.prefill), params.max_tokens)]
        new = self.scripts[self.begun : self.begun + n]
        self.begun += n
        return [self._piece(script, 0, params.max_tokens) for script in new]

    def _piece(self, script, start, longest):
        text, sure = script
        if start and self.fails and self.fails in text:
            return Completion("", "server_error", 5, 0, error="down")
        piece = text[start : min(start + longest, self.context)]
        self.written += len(piece)
        logprobs = tuple(
            TokenLogprob(c, -s, {"a": -s}) for c, s in zip(piece, sure[start:], strict=False)
        )
        reason = "stop" if start + len(piece) >= len(text) else "length"
        return Completion(piece, reason, 5, len(piece), logprobs=logprobs)


def said(answer, *sure):
    """A solution of 40 letters with an answer at its end, of these confidences in equal parts."""
    end = f"The answer is {answer}."
    text = f"{len(sure)}{sum(sure):g}".ljust(40 - len(end), "x") + end
    return text, [one for one in sure for _ in range(40 // len(sure))]


def solved(*scripts, context=1000, fails="", **fields):
    draw = Independent(max_tokens=60, temperature=1.0)
    given = {"warmup": 2, "window": 5, "chunk": 10, "together": 1, "top": 1, "keep": 50, **fields}
    sampler = DeepConf(draw=draw, most=len(scripts), **given)
    model = Scripted(*scripts, context=context, fails=fails)
    attempt = attempt_of(sampler, PROBLEM, model)
    found = asyncio.run(sampler.solve(attempt))
    answers = attempt._record.answers()
    last = attempt._record.solutions[answers[-1].solution_index].answer if answers else None
    return found, last, model.written


FIRST = said(8, 2, 5), said(7, 4, 4), said(6, 4, 5, 5, 5)


def test_who_falls_below_is_cut_after_its_chunk():
    """Lowest confidences of the first: 2, 4 and 4, so the threshold is 4, their median."""
    later = said(9, 5, 1, 5, 5), said(8, 5, 5, 6, 6)
    found, answer, written = solved(*FIRST, *later, warmup=3)
    assert [one.answer for one in found] == ["7", "6", "8"]  # below the threshold none votes
    assert written == 3 * 40 + 20 + 40  # the fourth fell in its second chunk of ten
    assert answer == "8"  # weight 5 against 4


def test_what_ends_before_it_is_looked_at_does_not_vote_below_the_threshold():
    found, _, written = solved(*FIRST, said(9, 5, 5, 5, 1), warmup=3)
    assert [one.answer for one in found] == ["7", "6"]
    assert written == 4 * 40


def test_a_solution_whose_continuation_failed_has_no_vote():
    later = said(9, 6, 6, 6, 6), said(8, 5, 5, 6, 6)
    found, answer, _ = solved(*FIRST, *later, warmup=3, fails="is 9")
    assert [one.answer for one in found] == ["7", "6", "8"]
    assert answer == "8"


def test_a_full_context_ends_a_solution():
    _, _, written = solved(*FIRST, said(9, 5, 5, 5, 5), warmup=3, context=25)
    assert written == 4 * 25


def test_consensus_stops():
    first = said(7, 4, 5), said(7, 4, 4)
    _, answer, written = solved(*first, said(9, 5, 5), said(8, 5, 5))
    assert (answer, written) == ("7", 80)


def test_all_first_ones_vote_where_all_are_kept():
    found, answer, _ = solved(said(8, 2, 5), said(7, 4, 4), keep=100)
    assert [one.answer for one in found] == ["8", "7"]
    assert answer == "7"


RECIPE = """
name: NAME
dataset: {type: nano, family: arithmetic, levels: [3, 4], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: deepconf, warmup: 3, most: 7, window: 6, chunk: 8, together: 2, keep: 40, top: 5,
          draw: {temperature: 1.0, max_tokens: 64}}
policies: [first]
budget: {per_problem: {tokens: 450}}
results: RESULTS
"""


def test_on_the_embedded_model_within_a_budget(tmp_path):
    """It never passes it, cut ones count, and again from the journal it does the same."""
    first, again = (
        run_recipe(parse_recipe(RECIPE.replace("NAME", n).replace("RESULTS", str(tmp_path))))
        for n in ("deepconf", "again")
    )
    assert again.manifest.ledger["roles"]["solver"]["paid_samples"] == 0
    for name in ("solutions", "samples", "answers"):
        one, other = (read_frame(done.run.table(name), name) for done in (first, again))
        times = ["seconds", "latency"]
        one = one.drop(columns=times, errors="ignore")
        assert one.equals(other.drop(columns=times, errors="ignore"))
    samples = read_frame(first.run.table("samples"), "samples")
    used = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    assert used.groupby(samples["problem_id"].astype(str)).sum().max() <= 450
    assert (samples["fate"] == "discarded").any()
    assert read_frame(first.run.curves, "curves")["tokens"].max() <= 450
