"""Assisted generation on tiny random models, made here; skipped without torch."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from pydantic import ValidationError  # noqa: E402
from tiny_model import make_model, save_random, save_tokenizer, using  # noqa: E402

from ttc.backends.transformers import Transformers  # noqa: E402
from ttc.core import Call, Prompt, SamplingParams  # noqa: E402
from ttc.errors import BackendError  # noqa: E402

RAW = Prompt(text="1+1=")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("target")
    save_random(path)
    return str(path)


@pytest.fixture(scope="module")
def near(tmp_path_factory) -> str:
    """The target's weights with noise: a draft whose tokens are often taken."""
    path = tmp_path_factory.mktemp("near")
    tokenizer = save_tokenizer(path)
    model = make_model(len(tokenizer))
    torch.manual_seed(1)
    with torch.no_grad():
        for weights in model.parameters():
            weights += 0.02 * torch.randn_like(weights)
    model.save_pretrained(path)
    return str(path)


@pytest.fixture(scope="module")
def far(tmp_path_factory) -> str:
    """A draft with other weights altogether."""
    path = tmp_path_factory.mktemp("far")
    tokenizer = save_tokenizer(path)
    model = make_model(len(tokenizer), spread=0.3)
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(-1)
    model.save_pretrained(path)
    return str(path)


def ask(folder: str, draft: str | None = None, seeds=(1,), tokens=4, **params):
    call = Call(RAW, SamplingParams(**{"max_tokens": 20, **params}), tuple(seeds))
    more = {} if draft is None else {"speculation": {"draft": draft, "tokens": tokens}}
    return using(folder, lambda b: b.complete(call), **more)


def plainly(found):
    return [replace(one, speculated=None, seconds=0.0, mean_logprob=None) for one in found]


def test_greedy_is_the_very_same(folder, near, far):
    plain = ask(folder, temperature=0)
    assert plainly(ask(folder, near, temperature=0)) == plainly(plain)
    assert plainly(ask(folder, far, temperature=0)) == plainly(plain)


def test_stops_lengths_and_logprobs_are_those_of_plain_sampling(folder, near):
    (whole,) = ask(folder, temperature=0, max_tokens=60)
    for at in (3, 4, 5, 11):
        how = {"temperature": 0, "max_tokens": 60, "stop": (whole.text[at], "never")}
        assert plainly(ask(folder, near, **how)) == plainly(ask(folder, **how))
    for limit in (1, 2, 7):
        how = {"temperature": 0, "max_tokens": limit}
        assert plainly(ask(folder, near, **how)) == plainly(ask(folder, **how))
    (one,), (other,) = (ask(folder, draft, temperature=0, logprobs=3) for draft in (None, near))
    assert [t.token for t in one.logprobs] == [t.token for t in other.logprobs]
    for a, b in zip(one.logprobs, other.logprobs, strict=True):
        assert a.logprob == pytest.approx(b.logprob, abs=1e-4)
        assert set(a.top) == set(b.top)


@pytest.mark.parametrize("how", [{"temperature": 1.0}, {"temperature": 0.7, "top_p": 0.9}], ids=str)
def test_samples_follow_the_distribution(folder, near, far, how):
    """Of the second token behind the likeliest first one, which a draft has proposed."""
    n = 150
    wanted = Counter(c.text for c in ask(folder, seeds=range(2000), max_tokens=2, **how))
    for draft in (near, far):
        drawn = Counter(c.text for c in ask(folder, draft, range(n), max_tokens=2, **how))
        for text, count in wanted.most_common(4):
            p = count / 2000
            spread = (p * (1 - p) / n) ** 0.5
            assert abs(drawn[text] / n - p) < 4 * spread + 0.01


def test_a_sample_depends_on_its_own_seed_only(folder, near):
    state = torch.get_rng_state()
    many = ask(folder, near, range(6))
    assert torch.equal(torch.get_rng_state(), state)
    assert len({c.text for c in many}) > 3
    (alone,) = ask(folder, near, [4])
    assert plainly([alone]) == plainly([many[4]])


def test_what_it_took_is_counted(folder, near):
    """A draft that is the target itself is always right."""
    (found,) = ask(folder, folder, tokens=3, temperature=0, max_tokens=10)
    took = found.speculated
    assert found.completion_tokens == 10
    # Of the last two tokens, one may be drafted.
    assert (took.rounds, took.proposed, took.accepted) == (3, 7, 7)
    assert took.verified == 10
    assert took.verified_context == sum(4 + i for i in range(10))
    for one in ask(folder, near, range(8), temperature=1.5):
        took, n = one.speculated, one.completion_tokens
        assert took.rounds <= n <= took.verified <= n * 5
        assert took.drafted <= 4 * n
        assert 0 <= took.accepted <= took.proposed


def test_identity_tells_the_draft(folder, near):
    plain = using(folder, lambda b: b.identify())
    found = using(folder, lambda b: b.identify(), speculation={"draft": near})
    assert found.scope != plain.scope
    assert found.facts["speculation"]["tokens"] == 4
    assert found.facts["speculation"]["facts"]["parameters"] == plain.facts["parameters"]


def test_what_cannot_be_is_said(folder, tmp_path):
    with pytest.raises(ValidationError, match="draws no samples"):
        Transformers(model=folder, reward="auto", speculation={"draft": folder})
    with pytest.raises(BackendError, match="can't load"):
        using(folder, lambda b: b.identify(), speculation={"draft": str(tmp_path)})
    tokenizer = save_tokenizer(tmp_path)
    tokenizer.add_tokens(["more"])
    tokenizer.save_pretrained(tmp_path)
    make_model(len(tokenizer)).save_pretrained(tmp_path)
    with pytest.raises(BackendError, match=r"speculation\.draft: .* its tokens are others"):
        using(folder, lambda b: b.identify(), speculation={"draft": str(tmp_path)})
