"""What tokens cost in USD: prices of the recipe, or litellm's price table."""

from __future__ import annotations

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
    )
