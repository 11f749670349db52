"""A recipe that needs what its backend lacks is refused while it is read, before any call."""

from typing import ClassVar, Literal

import pytest

from ttc.backends import BackendPart
from ttc.core import Capabilities
from ttc.recipe import parse_recipe
from ttc.verifiers import VerifierPart

SERVER = "{type: openai, model: m, base_url: 'http://h/v1', SET}"
RECIPE = """\
dataset: nano
backend: BACKEND
sampler: {type: independent, SAMPLER}
verifiers:
- {type: genrm, VERIFIER}
"""


class Mute(BackendPart):
    """Says nothing of what it offers."""

    type: Literal["mute"] = "mute"


class Spare(BackendPart):
    """Offers raw prompts and nothing more."""

    type: Literal["spare"] = "spare"

    @property
    def offers(self):
        return Capabilities(chat=False, raw=True, stop=False)


class Probe(VerifierPart):
    """Looks into the model."""

    type: Literal["probe"] = "probe"
    needs: ClassVar[dict[str, int]] = {"hidden_states": 1}


@pytest.fixture(autouse=True)
def foreign_parts(own_parts):
    own_parts(Mute, Spare, Probe)


def text(backend="nano", sampler="solutions: 1", verifier="solutions: 1"):
    return (
        RECIPE.replace("BACKEND", backend).replace("SAMPLER", sampler).replace("VERIFIER", verifier)
    )


def server(setting):
    return SERVER.replace("SET", setting)


def test_logprobs(complaint):
    told = complaint(text(server("max_logprobs: 0"), sampler="logprobs: true"))
    assert told == (
        "r.yaml:3: sampler.logprobs: 'independent' needs token log probabilities here (capability "
        "logprobs), which the backend 'openai' does not offer as it is set; `ttc backends` shows "
        "what each offers"
    )
    assert complaint(text(server("max_logprobs: 1"), sampler="logprobs: true")) == ""


def test_scores_that_need_logprobs(complaint):
    bare = server("max_logprobs: 0")
    assert "verifiers[0].logprobs: 'genrm' needs" in complaint(
        text(bare, verifier="score: logprob")
    )
    # hybrid reads the verdict where there are no probabilities
    assert complaint(text(bare, verifier="score: hybrid")) == ""
    own = f"score: logprob, backend: {bare}"
    assert "verifiers[0].logprobs" in complaint(text(verifier=own))


def test_stop_texts_and_prefill(complaint, tmp_path):
    no_stop = server("omit: [stop]")
    assert "sampler.stop: 'independent' needs stop texts" in complaint(
        text(no_stop, sampler="stop: [x], prompt: cot")
    )
    assert complaint(text(no_stop, sampler="prompt: cot")) == ""
    begun = tmp_path / "begun.yaml"
    begun.write_text(
        "messages: [{role: user, content: '{{ question }}'}]\nprefill: Let me\nstop: [x]\n"
    )
    told = complaint(text(no_stop, sampler=f"prompt: {begun}"))
    assert "begins the answer (prefill), which the backend 'openai' can't continue" in told
    assert "has stop texts, which the backend 'openai' takes none of" in told
    able = server("prefill: continue_final_message")
    assert complaint(text(able, sampler=f"prompt: {begun}")) == ""


def test_forms_of_prompts_follow_what_is_offered(complaint):
    # the nano dataset's own prompt is raw
    told = complaint(text(server("raw: false")))
    assert "is a raw prompt, but the backend 'openai' takes chat prompts" in told
    assert "is a chat prompt, but the backend 'spare' takes raw prompts" in complaint(text("spare"))


def test_methods_of_other_packages_declare_their_needs(complaint):
    told = complaint("dataset: nano\nverifiers: [probe]\n")
    assert "verifiers[0]: 'probe' needs hidden states here (capability hidden_states)" in told
    able = "dataset: nano\nverifiers: [{type: probe, backend: {type: transformers, model: m}}]\n"
    assert complaint(able) == ""


def test_a_backend_that_tells_nothing_is_not_refused(complaint):
    assert complaint(text("mute", sampler="logprobs: true")) == ""


def test_nothing_is_opened_to_tell(complaint, monkeypatch):
    from ttc.backends.openai import OpenAI

    monkeypatch.setattr(OpenAI, "open", None)
    assert complaint(text(server("max_logprobs: 0"), sampler="logprobs: true"))
    assert parse_recipe(text(server("max_logprobs: 0"))).backend.model == "m"
