"""What batch mode costs: half where a provider says so, never less than is known."""

import pytest

from ttc.budget.cost import CostConfig
from ttc.budget.prices import batch_factor
from ttc.core import ModelIdentity

PRICES = {
    "prompt_per_million": 2,
    "completion_per_million": 8,
    "cached_prompt_per_million": 1,
}


def usd(facts, **prices):
    rates = CostConfig(prices={**PRICES, **prices}).rates(ModelIdentity("b", "m", facts=facts))
    return (
        rates.usd_per_prompt_token,
        rates.usd_per_completion_token,
        rates.usd_per_cached_token,
    )


@pytest.mark.parametrize(
    ("facts", "prices", "factor"),
    [
        ({}, {"batch_factor": 0.5}, 1.0),  # ordinary mode
        ({"mode": "batch"}, {}, 1.0),  # nobody says that there is a discount
        ({"mode": "batch", "batch_factor": 0.5}, {}, 0.5),
        ({"mode": "batch", "batch_factor": 0.5}, {"batch_factor": 0.8}, 0.8),
        ({"mode": "batch"}, {"batch_factor": 0.25}, 0.25),
    ],
)
def test_the_discount_is_the_recipe_s_then_the_provider_s_then_none(facts, prices, factor):
    assert usd(facts, **prices) == pytest.approx((2e-6 * factor, 8e-6 * factor, 1e-6 * factor))


def test_of_litellm_s_prices_the_dearer_kind_bounds_both():
    info = {"input_cost_per_token": 2.0, "output_cost_per_token": 8.0}
    assert batch_factor(info) is None
    assert batch_factor(info | {"input_cost_per_token_batches": 1.0}) is None
    both = {"input_cost_per_token_batches": 1.0, "output_cost_per_token_batches": 6.0}
    assert batch_factor(info | both) == 0.75


def test_runs_keep_their_names_where_no_discount_is_told():
    assert "batch_factor" not in CostConfig(prices=PRICES).model_dump(mode="json")["prices"]


def test_listed_prices_bring_the_discount_of_the_table():
    rates = CostConfig(prices="litellm").rates(
        ModelIdentity("openai", "gpt-4o-mini", facts={"mode": "batch"})
    )
    assert rates.usd_per_prompt_token == pytest.approx(0.075e-6)
    assert rates.usd_per_completion_token == pytest.approx(0.3e-6)
