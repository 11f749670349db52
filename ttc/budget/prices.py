"""What tokens cost in USD: prices of the recipe, or litellm's price table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)


class Prices(BaseModel):
    """What a provider charges, in USD per million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    prompt_per_million: float = Field(ge=0)
    """USD per million prompt tokens."""
    completion_per_million: float = Field(ge=0)
    """USD per million completion tokens."""
    cached_prompt_per_million: float | None = Field(default=None, ge=0)
    """USD per million prompt tokens that the provider says it had cached; as any other by default.
    """

    batch_factor: float | None = Field(default=None, gt=0, le=1)
    """What batch mode costs of these prices. By default 0.5 at providers that state so (OpenAI,
    Azure), the ratio of litellm's table where prices are litellm's, and else 1: no discount."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_told(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Runs keep the names that they had before there was this price."""
        return {name: price for name, price in plain(self).items() if price is not None}


@lru_cache(maxsize=64)
def listed_prices(model: str) -> Prices | None:
    """Prices of a model in litellm's table (a file of the package), None where it has none.

    Imports litellm, which takes seconds, and so is called only where prices are wanted.
    """
    from ttc.quiet_litellm import load_litellm

    try:
        info = load_litellm().get_model_info(model)
        prompt, completion = info["input_cost_per_token"], info["output_cost_per_token"]
    except Exception:  # litellm's "not mapped" derives from Exception itself
        return None
    if prompt is None or completion is None:
        return None
    cached = info.get("cache_read_input_token_cost")
    return Prices(
        prompt_per_million=prompt * 1e6,
        completion_per_million=completion * 1e6,
        cached_prompt_per_million=None if cached is None else cached * 1e6,
        batch_factor=batch_factor(info),
    )


def batch_factor(info: Mapping[str, Any]) -> float | None:
    """What batches cost of usual prices, by an entry of litellm's table: of tokens of both kinds
    the dearer one, as a bound. None where it has no prices of batches.
    """
    found = [
        info[f"{kind}_cost_per_token_batches"] / info[f"{kind}_cost_per_token"]
        for kind in ("input", "output")
        if info.get(f"{kind}_cost_per_token") and info.get(f"{kind}_cost_per_token_batches")
    ]
    return min(1.0, max(found)) if len(found) == 2 else None
