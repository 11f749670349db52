"""Process reward checkpoints of the published formats, against scores worked out beside them."""

from __future__ import annotations

import asyncio
import json
import shutil
from itertools import chain

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tiny_model import save_random  # noqa: E402
from tiny_rewards import (  # noqa: E402
    save_math_shepherd,
    save_qwen,
    save_rlhflow,
    save_skywork,
)

from ttc.backends.transformers import Transformers  # noqa: E402
from ttc.backends.transformers.rewards import Scorer  # noqa: E402
from ttc.core import Call, Message, Passage, Prompt, Reader, SamplingParams  # noqa: E402
from ttc.errors import BackendError, CallFailed  # noqa: E402
from ttc.pipeline.run import run_recipe  # noqa: E402
from ttc.recipe import parse_recipe  # noqa: E402
from ttc.store.tables import read_frame  # noqa: E402

SAVE = {
    "math-shepherd": save_math_shepherd,
    "skywork": save_skywork,
    "qwen": save_qwen,
    "rlhflow": save_rlhflow,
}
QUESTION = (Message("user", "1+1+1?"),)
STEPS = ("1+1=2\n\n", "2+1=3\n\n", "So 3.\n\n")
LOUD = (Message("system", "Be brief."), *QUESTION)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """By format: the folder of a checkpoint, its tokenizer, and the model that was saved there."""
    found = {}
    for form, save in SAVE.items():
        path = tmp_path_factory.mktemp(form)
        model = save(path)
        found[form] = (str(path), transformers.AutoTokenizer.from_pretrained(path), model)
    return found


def read(folder, passage, **config):
    """What the backend reads, what it says it is, and how long the passage is.

    Where no format is named, it is that of the folder's name.
    """
    config.setdefault("reward", next((form for form in SAVE if form in folder), None))

    async def go():
        backend = Transformers(model=folder, device="cpu", **config).open()
        try:
            assert isinstance(backend, Reader)
            identity = await backend.identify()
            call = Call(passage, SamplingParams(temperature=0, max_tokens=0), (0,))
            (found,) = await backend.read(call)
            return found, identity, backend.count_tokens(passage)
        finally:
            await backend.close()

    return asyncio.run(go())


def states(model, ids):
    with torch.inference_mode():
        return model(torch.tensor([ids]), output_hidden_states=True).hidden_states[-1][0]


def logits(model, ids):
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0]


def odds(model, tokenizer, ids, places):
    """P(+) of + and - as the next token at these places."""
    plus, minus = (tokenizer(word)["input_ids"][-1] for word in "+-")
    pair = logits(model, ids)[places][:, [plus, minus]]
    return pair.softmax(-1)[:, 0].tolist()


def by_math_shepherd(tokenizer, model):
    ids = tokenizer("1+1+1? 1+1=2 ки\n2+1=3 ки\nSo 3. ки")["input_ids"]
    tag = tokenizer("ки")["input_ids"][-1]
    return ids, odds(model, tokenizer, ids, [i for i, one in enumerate(ids) if one == tag])


def by_skywork(tokenizer, model):
    lines = ["<s>1+1+1?\n", "1+1=2\n", "2+1=3\n", "So 3.\n"]
    encoded = [tokenizer(line, add_special_tokens=False)["input_ids"] for line in lines]
    ids = list(chain.from_iterable(encoded))
    ends = [sum(map(len, encoded[: i + 1])) - 1 for i in (1, 2, 3)]
    head = model.head
    value = states(model, ids)[ends] @ head["v_head.summary.weight"].T
    return ids, (value + head["v_head.summary.bias"]).sigmoid()[:, 0].tolist()


def by_qwen(tokenizer, model):
    asked = "Please reason step by step, and put your final answer within \\boxed{}."
    said = "1+1=2<extra_0>2+1=3<extra_0>So 3.<extra_0>"
    text = f"<system>{asked}\n<user>1+1+1?\n<assistant>{said}"
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    mark = tokenizer.convert_tokens_to_ids("<extra_0>")
    h = states(model, ids)[[i for i, one in enumerate(ids) if one == mark]]
    w = model.head
    hidden = torch.relu(h @ w["score.0.weight"].T + w["score.0.bias"])
    return ids, (hidden @ w["score.2.weight"].T + w["score.2.bias"]).softmax(-1)[:, 1].tolist()


def by_rlhflow(tokenizer, model):
    turns = ["<user>1+1+1? 1+1=2\n<assistant>", "+\n<user>2+1=3\n<assistant>"]
    turns += ["+\n<user>So 3.\n<assistant>"]
    ids, places = [], []
    for turn in turns:
        ids += tokenizer(turn, add_special_tokens=False)["input_ids"]
        places.append(len(ids) - 1)  # what is next there is + or -
    return ids, odds(model, tokenizer, ids, places)


BY_HAND = {
    "math-shepherd": by_math_shepherd,
    "skywork": by_skywork,
    "qwen": by_qwen,
    "rlhflow": by_rlhflow,
}


@pytest.mark.parametrize("form", SAVE)
def test_scores_are_those_of_the_published_procedure(made, form):
    folder, tokenizer, model = made[form]
    ids, expected = BY_HAND[form](tokenizer, model)
    found, identity, counted = read(folder, Passage(QUESTION, steps=STEPS), reward=form)
    assert found.scores == pytest.approx(expected, abs=1e-5)
    assert len(set(found.scores)) == 3
    assert found.prompt_tokens == counted == len(ids)
    assert (found.finish_reason, found.completion_tokens, found.text) == ("read", 0, "")
    assert identity.variant == f"reward: {form}"


@pytest.mark.parametrize("form", ["math-shepherd", "skywork", "qwen"])
def test_the_format_is_told_by_weights_and_tokenizer(made, form):
    found, identity, _ = read(made[form][0], Passage(QUESTION, steps=STEPS), reward="auto")
    assert (identity.variant, len(found.scores)) == (f"reward: {form}", 3)
    with pytest.raises(BackendError, match="set reward: rlhflow, or reward: math-shepherd"):
        read(made["rlhflow"][0], Passage(QUESTION, steps=STEPS), reward="auto")


@pytest.mark.parametrize("form", SAVE)
def test_a_step_is_scored_before_those_behind_it_are_there(made, form):
    folder = made[form][0]
    whole, *_ = read(folder, Passage(QUESTION, steps=STEPS))
    first, *_ = read(folder, Passage(QUESTION, steps=STEPS[:1]))
    assert first.scores == pytest.approx(whole.scores[:1], abs=1e-4)


@pytest.mark.parametrize("form", SAVE)
def test_a_raw_question_is_as_good_as_a_turn(made, form):
    folder = made[form][0]
    turn, *_ = read(folder, Passage(QUESTION, steps=STEPS))
    raw, *_ = read(folder, Passage(text="1+1+1?", steps=STEPS))
    assert raw.scores == turn.scores


def test_qwens_system_turn_is_the_recipes_where_it_has_one(made):
    folder, tokenizer, _ = made["qwen"]
    text = "<system>Be brief.\n<user>1+1+1?\n<assistant>So 3.<extra_0>"
    found, _, counted = read(folder, Passage(LOUD, steps=("So 3.",)))
    assert counted == len(tokenizer(text)["input_ids"])
    assert len(found.scores) == 1


def test_a_separator_in_a_step_adds_no_score(made):
    found, *_ = read(made["qwen"][0], Passage(QUESTION, steps=("a<extra_0>b", "c<extra_0>")))
    assert len(found.scores) == 2
    with pytest.raises(CallFailed, match="4 tokens end a step, of 2 steps") as caught:
        read(made["math-shepherd"][0], Passage(QUESTION, steps=("a ки ки b", "c")))
    assert caught.value.reason == "step_places"


def test_weights_in_several_files(made, tmp_path):
    from safetensors.torch import load_file, save_file

    shutil.copytree(made["qwen"][0], tmp_path, dirs_exist_ok=True)
    weights = load_file(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").unlink()
    shards = {f"model-{i}.safetensors": sorted(weights)[i::2] for i in (0, 1)}
    for name, keys in shards.items():
        save_file({key: weights[key] for key in keys}, tmp_path / name, metadata={"format": "pt"})
    places = {key: name for name, keys in shards.items() for key in keys}
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    whole, *_ = read(made["qwen"][0], Passage(QUESTION, steps=STEPS))
    found, *_ = read(str(tmp_path), Passage(QUESTION, steps=STEPS), reward="auto")
    assert found.scores == whole.scores


def test_what_is_too_long_is_this_calls_failure(made):
    with pytest.raises(CallFailed, match=r"the context of .* holds 512") as caught:
        read(made["skywork"][0], Passage(QUESTION, steps=("x" * 600,)))
    assert caught.value.reason == "context_length"


def test_weights_without_the_head_are_told(made):
    with pytest.raises(BackendError, match=r"is no qwen reward model: .* no score\.0\.weight"):
        read(made["skywork"][0], Passage(QUESTION, steps=STEPS), reward="qwen")
    with pytest.raises(BackendError, match="rlhflow needs a model with a chat template"):
        read(made["math-shepherd"][0], Passage(QUESTION, steps=STEPS), reward="rlhflow")


def test_a_reward_model_draws_no_samples(made):
    async def go():
        backend = Transformers(model=made["rlhflow"][0], device="cpu", reward="rlhflow").open()
        try:
            await backend.complete(Call(Prompt(text="1"), SamplingParams(), (1,)))
        finally:
            await backend.close()

    with pytest.raises(BackendError, match="scores steps"):
        asyncio.run(go())


def test_log_probabilities_of_given_texts(tmp_path):
    save_random(tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    passage = Passage(QUESTION, prefill="So ", steps=("it is", " 2."), kind="logprobs")
    found, _, counted = read(str(tmp_path), passage, reward=None)
    ids = tokenizer("<user>1+1+1?\n<assistant>So it is 2.")["input_ids"]
    log_p = logits(model, ids).log_softmax(-1)
    tail = range(len(ids) - len("it is 2."), len(ids))
    assert [t.logprob for t in found.logprobs] == pytest.approx(
        [log_p[i - 1, ids[i]].item() for i in tail], abs=1e-4
    )
    assert "".join(t.token for t in found.logprobs) == "it is 2."
    assert found.prompt_tokens == counted == len(ids)


RECIPE = """
name: scored
dataset: {type: nano, family: arithmetic, levels: [1], problems: 2}
sampler: {type: independent, solutions: 2, temperature: 1.0, max_tokens: 48}
verifiers: [{type: prm, steps: line, backend: {type: transformers, model: FOLDER, reward: auto}}]
policies: [best_of_n]
results: RESULTS
"""


def test_a_run_scores_solutions_by_a_checkpoint(made, tmp_path):
    text = RECIPE.replace("FOLDER", made["qwen"][0]).replace("RESULTS", str(tmp_path))
    run = run_recipe(parse_recipe(text)).run
    table = read_frame(run.verifications, "verifications")
    solutions = read_frame(run.solutions, "solutions")
    assert len(table) == 4
    assert table["score"].between(0, 1).all()
    lines = [len(text.splitlines()) for text in solutions["text"]]
    assert list(map(len, table["step_scores"])) == lines


def test_math_shepherds_marks_are_found_where_words_carry_their_space():
    """Its tokenizer puts a space before each word: the tag is one token with it, as are + and -."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["<unk>", "▁+", "▁-", "▁ки", "▁1+1+1?", "▁1+1=2", "▁2+1=3"]
    made = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    lines = pre_tokenizers.Split("\n", "removed")
    made.pre_tokenizer = pre_tokenizers.Sequence([lines, pre_tokenizers.Metaspace()])
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=made)
    scorer = Scorer(None, tokenizer, "math-shepherd", None)
    found = scorer.lay_out(Passage(QUESTION, steps=STEPS[:2]))
    assert found.ids == (4, 5, 3, 6, 3)
    assert (found.places, found.words) == ((2, 4), (1, 2))
