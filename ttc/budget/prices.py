"""What tokens cost in USD: prices of the recipe, or litellm's price table."""

from __future__ import annotations

from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field


class Prices(BaseModel):
    """What a provider charges, in USD per million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    prompt_per_million: float = Field(ge=0)
    """USD per million prompt tokens."""
    completion_per_million: float = Field(ge=0)
    """USD per million completion tokens."""


@lru_cache(maxsize=64)
def listed_prices(model: str) -> Prices | None:
    """Prices of a model in litellm's table (a file of the package), None where it has none.

    Imports litellm, which takes seconds, and so is called only where prices are wanted.
    """
    from ttc.backends._litellm_library import load_litellm

    try:
        info = load_litellm().get_model_info(model)
        prompt, completion = info["input_cost_per_token"], info["output_cost_per_token"]
    except Exception:  # litellm's "not mapped" derives from Exception itself
        return None
    if prompt is None or completion is None:
        return None
    return Prices(prompt_per_million=prompt * 1e6, completion_per_million=completion * 1e6)
