"""FLOPs against counts made another way: product by product, token by token."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ttc import nano
from ttc.budget.cost import CostConfig, ModelCosts, Prices
from ttc.budget.flops import Lengths, ModelCard, card_of
from ttc.core import ModelIdentity
from ttc.errors import UsageError

LLAMA_8B = ModelCard(
    layers=32, hidden=4096, heads=32, kv_heads=8, head_dim=128, mlp_width=14336, vocab=128256
)


def product(rows, inner, columns):
    """Operations of one matrix product."""
    return 2 * rows * inner * columns


def pass_flops(card, context, sampled):
    """One token through every product of the network, each head by itself."""
    size = card.head_dim or card.hidden // card.heads
    total = 0
    for _ in range(card.layers):
        for _ in range(card.heads):
            total += product(1, card.hidden, size)  # query
            total += product(1, size, context)  # scores
            total += product(1, context, size)  # mix of values
            total += product(1, size, card.hidden)  # this head's share of the output
        for _ in range(card.kv_heads or card.heads):
            total += product(1, card.hidden, size) + product(1, card.hidden, size)
        for _ in range(2 if card.gated else 1):
            total += product(1, card.hidden, card.mlp_width)
        total += product(1, card.mlp_width, card.hidden)
    return total + (product(1, card.hidden, card.vocab) if sampled else 0)


def brute_force(card, prompt, completions, prefills):
    total = prefills * sum(pass_flops(card, t, False) for t in range(1, prompt + 1))
    for n in completions:
        total += sum(pass_flops(card, prompt + t, True) for t in range(1, n + 1))
    return total


@st.composite
def cards(draw):
    size, kv = draw(st.sampled_from([2, 4])), draw(st.sampled_from([1, 2]))
    return ModelCard(
        layers=draw(st.integers(1, 3)),
        hidden=draw(st.integers(2, 12)),
        heads=kv * draw(st.integers(1, 3)),
        kv_heads=kv,
        head_dim=size,
        mlp_width=draw(st.integers(1, 20)),
        vocab=draw(st.integers(2, 50)),
        gated=draw(st.booleans()),
    )


lengths = st.integers(0, 9)


@given(cards(), lengths, st.lists(lengths, max_size=4), st.integers(0, 4))
def test_every_product_of_every_token_is_counted_once(card, prompt, completions, prefills):
    found = card.counter().total(Lengths.of_samples(prompt, completions, prefills))
    assert found == brute_force(card, prompt, completions, prefills)


def test_a_known_model_costs_twice_its_matrices_and_its_attention():
    # 8,030,261,248 parameters: all but embeddings (looked up) and norms multiply every token.
    matrices = 8_030_261_248 - 128_256 * 4096 - (2 * 32 + 1) * 4096
    counter = LLAMA_8B.counter()
    assert counter.completion_token == 2 * matrices
    assert counter.prompt_token == 2 * (matrices - 128_256 * 4096)
    assert counter.pair == 4 * 32 * 32 * 128


def test_the_embedded_model_states_its_own_shape():
    if "nano-solver" not in nano.models():
        pytest.skip("no nano-solver")
    import asyncio

    from ttc.backends.nano.client import NanoBackend

    backend = NanoBackend("nano-solver")
    identity = asyncio.run(backend.identify())
    asyncio.run(backend.close())
    counter = CostConfig(flops="detailed").rates(identity).flops
    facts = identity.facts
    config = nano.config.NetConfig(
        vocab=facts["vocab"],
        width=facts["width"],
        layers=facts["layers"],
        heads=facts["heads"],
        head_dim=facts["head_dim"],
        hidden=facts["mlp_width"],
    )
    sizes = {name: int(np.prod(shape)) for name, shape in config.shapes().items()}
    body = sum(size for name, size in sizes.items() if name not in ("embed", "out"))
    assert counter.prompt_token == 2 * body
    assert counter.completion_token == 2 * (body + sizes["out"])


@given(
    st.integers(0, 300),
    st.integers(1, 200),
    st.lists(st.floats(0, 1), min_size=1, max_size=8),
    st.floats(0, 1),
)
def test_bounds_of_lengths_give_bounds_of_amounts(prompt, longest, shares, part):
    """What the ledger reserves is never less than what is used."""
    rates = CostConfig(flops="detailed", card=LLAMA_8B).rates(ModelIdentity("b", "m"))
    worst = rates.of_samples(prompt, [longest] * len(shares), 1)
    used = rates.of_samples(int(part * prompt), [int(s * longest) for s in shares], 1)
    for unit, amount in used.items():
        assert amount <= worst[unit]
    totals = rates.amounts(prompt * len(shares), sum(int(s * longest) for s in shares), len(shares))
    apart = rates.of_samples(prompt, [int(s * longest) for s in shares], len(shares))
    assert totals["flops"] <= apart["flops"] * (1 + 1e-12)
    assert totals["tokens"] == apart["tokens"]


def test_a_card_is_made_of_what_backends_state():
    facts = {"width": 64, "layers": 2, "heads": 4, "mlp_width": 128, "vocab": 100, "dtype": "f16"}
    assert card_of(facts) == ModelCard(layers=2, hidden=64, heads=4, mlp_width=128, vocab=100)
    assert card_of({"layers": 2}) is None
    with pytest.raises(ValidationError, match="no multiple of heads"):
        ModelCard(layers=1, hidden=10, heads=3, mlp_width=4, vocab=5)
    with pytest.raises(ValidationError, match="no multiple of kv_heads"):
        ModelCard(layers=1, hidden=12, heads=3, kv_heads=2, mlp_width=4, vocab=5)


def test_what_goes_before_what():
    stated = ModelIdentity(
        "b", "m", facts={"parameters": 10, "input_cost_per_token": 1, "output_cost_per_token": 2}
    )
    silent = ModelIdentity("b", "n")
    cost = CostConfig(
        parameters=5,
        models={
            "m": ModelCosts(
                parameters=7, prices=Prices(prompt_per_million=3e6, completion_per_million=4e6)
            )
        },
    )
    assert cost.rates(stated).flops.prompt_token == 14
    assert cost.rates(stated).usd_per_prompt_token == 3
    assert cost.rates(silent).flops.prompt_token == 10
    assert cost.rates(silent).missing("usd")
    assert CostConfig(parameters=5).rates(stated).flops.prompt_token == 20
    assert CostConfig().rates(stated).usd_per_completion_token == 2
    with pytest.raises(UsageError, match=r"n does not state its shape; give cost\.card"):
        CostConfig(flops="detailed").rates(silent)


def test_cached_tokens_have_a_price_of_their_own_where_one_is_known():
    dear = {"prompt_per_million": 3e6, "completion_per_million": 4e6}
    one = ModelIdentity("b", "m")
    plain = CostConfig(prices=dear).rates(one)
    assert plain.usd_per_cached_token is None
    assert plain.discount(10) == 0
    rates = CostConfig(prices={**dear, "cached_prompt_per_million": 1e6}).rates(one)
    assert rates.usd_per_cached_token == 1
    assert rates.discount(10) == 20
    assert CostConfig().rates(one).discount(10) == 0
    free = CostConfig(prices={**dear, "cached_prompt_per_million": 0}).rates(one)
    assert free.discount(10) == 30
    facts = {
        "input_cost_per_token": 2.0,
        "output_cost_per_token": 8.0,
        "cache_read_input_token_cost": 0.5,
    }
    stated = CostConfig().rates(ModelIdentity("litellm", "m", facts=facts))
    assert stated.discount(4) == 6
    assert Prices(**dear).model_dump() == dear  # the name of a run depends on it
    with pytest.raises(ValidationError):
        Prices(**dear, cached_prompt_per_million=-1)


def test_litellms_price_table_is_read_where_it_is_asked_for():
    known = ModelIdentity("openai", "gpt-4o-mini")
    rates = CostConfig(prices="litellm").rates(known)
    assert 0 < rates.usd_per_prompt_token < rates.usd_per_completion_token < 1e-3
    assert 0 < rates.usd_per_cached_token < rates.usd_per_prompt_token
    assert CostConfig().rates(known).missing("usd")
    nobody = ModelIdentity("openai", "no-such-model")
    for cost in (
        CostConfig(prices="litellm"),
        CostConfig(models={"no-such-model": ModelCosts(prices="litellm")}),
    ):
        with pytest.raises(UsageError, match="litellm's price table has no no-such-model"):
            cost.rates(nobody)
