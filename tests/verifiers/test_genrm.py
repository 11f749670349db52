"""Generative verification: what is asked, and how replies are read."""

import asyncio
import json
import math

import httpx
import pytest
from attempts import attempt_of

from ttc.backends.openai import OpenAI
from ttc.core import Call, Capabilities, Completion, ModelIdentity, Problem, Solution, TokenLogprob
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame
from ttc.verifiers.genrm import GenRM

PROBLEM = Problem("p", "1+1?", "2")


class Judge:
    """Says Yes to even sample numbers, and remembers what it was asked."""

    capabilities = Capabilities()
    identity = ModelIdentity("test", "judge")

    def __init__(self, words="Is the answer correct (Yes/No)? "):
        self.words = words
        self.asked = []

    async def sample(self, prompt, params, n, *, problem_id, role, start=0, **_):
        self.asked.append((prompt, params, start, n, role))
        return [
            Completion(
                f"sample {i}. {self.words}{'No' if i % 2 else 'Yes'}",
                "stop",
                5,
                7,
                logprobs=(TokenLogprob("No" if i % 2 else "Yes", -0.1),),
            )
            for i in range(start, start + n)
        ]


def solution(index, text):
    return Solution("p", index, text, "2", 3, 4, "stop")


def verify(judge, given, **settings):
    part = GenRM(**settings)
    return asyncio.run(part.verify(attempt_of(part, PROBLEM, judge), given))


def test_solutions_with_the_same_text_get_verifications_of_their_own():
    same = [solution(0, "It is 2."), solution(1, "It is 2.\n"), solution(2, "It is 3.")]
    found = verify(Judge(), same, verifications=4)
    assert [(v.solution_index, v.index) for v in found] == [
        (s, i) for s in range(3) for i in range(4)
    ]
    texts = [{v.text for v in found if v.solution_index == s} for s in range(3)]
    assert not texts[0] & texts[1]


def test_thoughts_of_a_solution_are_not_shown_unless_they_are_all_there_is():
    judge = Judge()
    texts = ["<think>3? No.</think>It is 2.", "<think>2.</think>\nIt is 2.", "<think>3? N"]
    found = verify(judge, [solution(i, text) for i, text in enumerate(texts)], verifications=4)
    prompts = [prompt.messages[-1].content for prompt, *_ in judge.asked]
    assert prompts[0] == prompts[1]
    assert "It is 2." in prompts[0]
    assert "No." not in prompts[0]
    assert texts[2] in prompts[2]
    assert len({v.text for v in found if v.solution_index < 2}) == 8, "verifications of their own"


def test_only_the_first_solutions_are_verified_when_so_asked():
    found = verify(Judge(), [solution(i, str(i)) for i in range(5)], solutions=2, verifications=3)
    assert {v.solution_index for v in found} == {0, 1}


def test_binary_scores_ask_for_no_probabilities():
    judge = Judge()
    found = verify(judge, [solution(0, "2")], score="binary", verifications=2)
    assert judge.asked[0][1].logprobs is None
    assert [v.score for v in found] == [1.0, 0.0]


def test_a_text_without_a_verdict_is_kept_without_score():
    found = verify(Judge(words="I say "), [solution(0, "2")], verifications=2)
    assert [(v.verdict, v.p_yes, v.score) for v in found] == [(None, None, None)] * 2


ASK = "Is the answer correct (Yes/No)?"


class Plain:
    """A backend as a model, without an engine between."""

    def __init__(self, backend):
        self.backend = backend
        self.capabilities = backend.capabilities
        self.identity = ModelIdentity("test", "served")

    async def sample(self, prompt, params, n, *, problem_id, role, start=0, **_):
        return await self.backend.complete(Call(prompt, params, tuple(range(start, start + n))))


def served(choice, **settings):
    """The verification that a server's reply makes."""
    reply = {
        "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", **choice}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 30, "total_tokens": 39},
    }
    settings = {"verifications": 1, **settings}

    async def run():
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=json.dumps(reply)))
        backend = OpenAI(model="m", base_url="http://server.test/v1").open_with(transport, {})
        try:
            part = GenRM(**settings)
            attempt = attempt_of(part, PROBLEM, Plain(backend))
            return await part.verify(attempt, [solution(0, "2")])
        finally:
            await backend.close()

    (found,) = asyncio.run(run())
    return found


def listed(*tokens, at, top):
    """Chat logprobs: `top` at one token, a certain No at all others."""

    def entry(token, logprob, others):
        top = [{"token": t, "logprob": v} for t, v in others.items()]
        return {"token": token, "logprob": logprob, "top_logprobs": top}

    return {
        "content": [
            entry(t, top[t], top) if i == at else entry(t, -0.01, {" No": -0.01, t: -0.01})
            for i, t in enumerate(tokens)
        ]
    }


ASKING = ["Is", " the", " answer", " correct", " (", "Yes", "/", "No", ")?"]
LIKELY = {" Yes": math.log(0.9), " No": math.log(0.05)}


@pytest.mark.parametrize("score", ["hybrid", "logprob"])
@pytest.mark.parametrize("behind", [[], [".", " No", " errors", " found", "."]])
def test_the_score_is_that_of_the_verdict(score, behind):
    logprobs = listed(*ASKING, " Yes", *behind, at=9, top=LIKELY)
    message = {"role": "assistant", "content": f"{ASK} Yes{''.join(behind)}"}
    found = served({"message": message, "logprobs": logprobs}, score=score)
    assert found.verdict is True
    assert found.p_yes == pytest.approx(0.9)
    assert found.score == pytest.approx(0.9)


def test_a_split_verdict_is_read_where_it_begins():
    top = {" Y": math.log(0.9), " N": math.log(0.05)}
    logprobs = listed(*ASKING, " Y", "es", at=9, top=top)
    message = {"role": "assistant", "content": f"{ASK} Yes"}
    assert served({"message": message, "logprobs": logprobs}).score == pytest.approx(0.9)


def test_unknown_probabilities_leave_the_verdict():
    entry = {"token": " Yes", "logprob": None, "top_logprobs": [{"token": " No", "logprob": None}]}
    choice = {
        "message": {"role": "assistant", "content": f"{ASK} Yes"},
        "logprobs": {"content": [entry]},
    }
    found = served(choice)
    assert (found.verdict, found.p_yes, found.score) == (True, None, 1.0)
    assert served(choice, score="logprob").score is None


@pytest.mark.parametrize("thoughts", [f"I end with: {ASK} Yes", f"Status: correct. {ASK} Yes"])
def test_a_reply_that_was_cut_off_in_its_thoughts_has_no_verdict(thoughts):
    message = {"role": "assistant", "content": None, "reasoning_content": thoughts}
    logprobs = listed(*ASKING, " Yes", at=9, top=LIKELY)
    found = served({"message": message, "logprobs": logprobs, "finish_reason": "length"})
    assert (found.verdict, found.p_yes, found.score) == (None, None, None)


@pytest.mark.parametrize(
    ("behind", "verdicts"), [("", [None] * 2), ("</think>" + ASK, [True, False])]
)
def test_a_thought_that_the_prompt_opens_holds_no_verdict(tmp_path, behind, verdicts):
    template = tmp_path / "thinking.yaml"
    template.write_text('text: "Q: {{ question }}\\nA: {{ solution }}\\nCheck: <think>\\n"')
    judge = Judge(words=f"{ASK} Yes. {behind} ")
    if not behind:
        judge.words = f"{ASK} "
    found = verify(judge, [solution(0, "2")], prompt=str(template), verifications=2)
    assert [v.verdict for v in found] == verdicts


RECIPE = """
name: judged
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 6}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 64}
verifiers:
  - type: genrm
    backend: {type: nano, model: nano-verifier}
    prompt: nano-genrm
    solutions: 3
    verifications: 1
    temperature: 0
    max_tokens: 96
policies: [best_of_n]
"""


def test_greedy_verdicts_of_a_run_are_the_likelier_ones(tmp_path):
    path = tmp_path / "judged.yaml"
    path.write_text(RECIPE)
    run = run_recipe(load_recipe(path, [f"results={tmp_path / 'results'}"])).run
    table = read_frame(run.table("verifications"), "verifications")
    judged = table[table["verdict"].notna()]
    assert len(judged) > 9
    assert set(judged["verdict"]) == {True, False}
    assert ((judged["p_yes"] > 0.5) == judged["verdict"].astype(bool)).all()
    assert (judged["score"] == judged["p_yes"]).all()
