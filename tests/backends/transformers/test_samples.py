"""The transformers backend on a tiny random model, made here; skipped without torch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tiny_model import save_random, using  # noqa: E402

from ttc.core import Call, Message, Prompt, SamplingParams  # noqa: E402
from ttc.errors import BackendError, CallFailed  # noqa: E402

RAW = Prompt(text="1+1=")
CHAT = Prompt(messages=(Message("user", "1+1?"),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("tiny")
    save_random(path)
    return str(path)


def ask(folder: str, prompt: Prompt = RAW, seeds=(1,), config=None, **params):
    call = Call(prompt, SamplingParams(**{"max_tokens": 20, **params}), tuple(seeds))
    return using(folder, lambda b: b.complete(call), **(config or {}))


def test_greedy_is_that_of_generate(folder):
    (found,) = ask(folder, temperature=0, logprobs=3)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    ids = tokenizer(RAW.text, return_tensors="pt")["input_ids"]
    out = model.generate(ids, do_sample=False, max_new_tokens=20)[0, ids.shape[1] :]
    assert found.text == tokenizer.decode(out, skip_special_tokens=True)
    assert found.prompt_tokens == 4
    assert found.completion_tokens == len(out)
    # Logprobs are those of one pass over the whole text.
    whole = torch.cat([ids[0], out])[None]
    log_p = model(whole).logits[0, ids.shape[1] - 1 : -1].float().log_softmax(-1)
    for token, row, chosen in zip(found.logprobs, log_p, out, strict=True):
        assert token.logprob == pytest.approx(row[chosen].item(), abs=1e-4)
        assert max(token.top.values()) == pytest.approx(row.max().item(), abs=1e-4)
        assert len(token.top) <= 3
    assert found.mean_logprob == pytest.approx(
        sum(t.logprob for t in found.logprobs) / len(found.logprobs)
    )


def test_a_sample_depends_on_its_own_seed_only(folder):
    many = ask(folder, seeds=range(10))
    assert len({c.text for c in many}) > 5
    for config in ({"batch_size": 3}, {"batch_size": 10}):
        assert [c.text for c in ask(folder, seeds=range(10), config=config)] == [
            c.text for c in many
        ]
    assert ask(folder, seeds=[4])[0].text == many[4].text


def test_samples_follow_the_distribution(folder):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    logits = model(tokenizer(RAW.text, return_tensors="pt")["input_ids"]).logits[0, -1].float()
    found = ask(
        folder, seeds=range(3000), max_tokens=1, temperature=0.8, config={"batch_size": 1000}
    )
    texts = [c.text for c in found]
    expected: dict[str, float] = {}  # bytes that are no character alone print alike
    for token, p in enumerate((logits / 0.8).softmax(-1).tolist()):
        text = tokenizer.decode([token], skip_special_tokens=True)
        expected[text] = expected.get(text, 0) + p
    for text in sorted(expected, key=expected.__getitem__)[-5:]:
        assert texts.count(text) / 3000 == pytest.approx(expected[text], abs=0.04)


def test_truncation(folder):
    assert len({c.text for c in ask(folder, seeds=range(20), top_k=1)}) == 1
    assert len({c.text for c in ask(folder, seeds=range(20), top_p=1e-6)}) == 1
    assert {c.text for c in ask(folder, seeds=range(20), top_k=1)} == {
        c.text for c in ask(folder, temperature=0)
    }


def test_stop_texts_and_ends(folder):
    many = ask(folder, seeds=range(30), max_tokens=60)
    assert {c.finish_reason for c in many} <= {"stop", "length"}
    letter = many[0].text[3]
    cut = ask(folder, seeds=[0], max_tokens=60, stop=(letter,))[0]
    assert (cut.finish_reason, cut.stopped_by) == ("stop", letter)
    assert {c.stopped_by for c in many} == {""}
    assert letter not in cut.text
    assert many[0].text.startswith(cut.text)


def test_chats_use_the_template_and_prefills_continue_it(folder):
    written = "<user>1+1?\n<assistant>"
    (a,) = ask(folder, CHAT)
    (b,) = ask(folder, Prompt(text=written))
    assert (a.text, a.prompt_tokens) == (b.text, b.prompt_tokens)
    (a,) = ask(folder, Prompt(messages=CHAT.messages, prefill="It is"))
    (b,) = ask(folder, Prompt(text=written + "It is"))
    assert a.text == b.text


def test_the_context_bounds_prompts_and_samples(folder):
    with pytest.raises(CallFailed, match="context") as caught:
        ask(folder, Prompt(text="x" * 128))
    assert caught.value.reason == "context_length"
    (found,) = ask(folder, Prompt(text="x" * 120), max_tokens=500)
    assert found.completion_tokens <= 8


def test_identity_and_counts(folder):
    async def work(backend):
        return await backend.identify(), backend.count_tokens(RAW), backend.count_tokens(CHAT)

    identity, raw, chat = using(folder, work)
    assert (raw, chat) == (4, len("<user>1+1?\n<assistant>"))
    assert len(identity.revision) == 64
    assert identity.facts["layers"] == 2
    assert identity.facts["width"] == 32
    assert identity.facts["context_length"] == 128
    assert identity.facts["parameters"] > 10_000


def test_hidden_states(folder):
    short, long = using(folder, lambda b: b.hidden_states(["ab", "abcd"]))
    assert short.shape == (2, 32)
    assert long.shape == (4, 32)
    assert abs(short - long[:2]).max() < 1e-4


def test_what_cannot_be_loaded_is_one_sentence(tmp_path):
    with pytest.raises(BackendError, match="can't load") as caught:
        using(str(tmp_path), lambda b: b.identify())
    assert "\n" not in str(caught.value)
