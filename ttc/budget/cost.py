"""The cost model: tokens to FLOPs and money, with the conventions that must be recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from ttc.budget.flops import FlopCounter, FlopsMode, Lengths, ModelCard, card_of
from ttc.budget.prices import Prices, listed_prices
from ttc.budget.speculation import Drafting, Speculation, stated
from ttc.core import Completion, ModelIdentity
from ttc.errors import UsageError

__all__ = ["UNITS", "CostConfig", "ModelCard", "ModelCosts", "Prices", "Rates", "Unit"]

Unit = Literal["tokens", "flops", "usd", "calls"]
_STATED = ("input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost")
_Usd = tuple[float | None, float | None, float | None]
UNITS: tuple[Unit, ...] = ("tokens", "flops", "usd", "calls")


class ModelCosts(BaseModel):
    """Facts of one model that go before what it states itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    parameters: float | None = Field(default=None, gt=0)
    """Parameters (for `flops: simple`); of a mixture of experts, those that a token visits."""
    card: ModelCard | None = None
    """The network's shape (for `flops: detailed`)."""
    prices: Prices | Literal["litellm"] | None = None
    """USD per million tokens, or `litellm`: from litellm's price table under the model's name."""
    speculation: Speculation | None = None
    """Where its server drafts its tokens: how many are taken, for expected FLOPs."""

    @model_serializer(mode="wrap")
    def _without_what_is_later(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Runs keep the names that they had before there was speculation."""
        return {k: v for k, v in plain(self).items() if k != "speculation" or v is not None}


class CostConfig(BaseModel):
    """How tokens become FLOPs and USD; stored with every result.

    A figure comes from `models` where the model is listed there, else `prices` from here, else from
    what the model states itself, else `parameters` and `card` from here.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, populate_by_name=True
    )
    flops: FlopsMode = "simple"
    """simple: 2P FLOPs per token; detailed: from the model card, attention over the context too."""
    parameters: float | None = Field(default=None, gt=0)
    """Parameters of a model that does not state them itself."""
    card: ModelCard | None = None
    """Shape of a model that does not state it itself, for `flops: detailed`."""
    shared_prompt: Literal["once", "per_sample"] = "once"
    """Count a prompt once for all samples drawn from it (cached prefix), or once per sample.
    Budgets of tokens and dollars count it for each request to a server, where these are more."""
    prefix: Literal["cached", "reread"] = "cached"
    """What a method has had computed before for a problem (the text that a step continues, a prompt
    asked for once more, the steps that a reward model has read) is cached, or read and paid for
    anew. Budgets of tokens and dollars count it anew for each request to a server."""
    prices: Prices | Literal["litellm"] | None = None
    """USD per million tokens of all models, or `litellm`: from litellm's price table."""
    models: dict[str, ModelCosts] = Field(default_factory=dict)
    """Parameters, card and prices by model name, where a recipe has several models."""
    ratio: Literal["measured"] | Annotated[float, Field(ge=0)] = Field(
        default="measured", alias="lambda"
    )
    """lambda, tokens per verification over tokens per solution: measured, or a number."""

    def rates(self, identity: ModelIdentity) -> Rates:
        """The rates of one model; what neither it nor this config states is None.

        Raises `UsageError` where detailed FLOPs, or a model's prices in litellm's table, are asked
        for and not to be had, and where drafts are told of a model whose drafts are measured.
        """
        own = self.models.get(identity.model, ModelCosts())
        counter = self._counter(identity.model, identity.facts, own)
        rates = Rates(counter, *self._charged(identity, own), drafting=self._drafting(identity))
        if own.speculation is None or counter is None:
            return rates
        if rates.drafting is not None:
            raise UsageError(
                f"cost.models.{identity.model}.speculation is for a server that drafts; what "
                f"{rates.drafting.name} drafts here is measured: leave it out"
            )
        return replace(rates, decode=own.speculation.decode(counter))

    def _drafting(self, identity: ModelIdentity) -> Drafting | None:
        """Who drafts, where the model's own samples say what that took."""
        known = stated(identity.facts)
        if known is None:
            return None
        name = str(known.get("draft"))
        counter = self._counter(name, known["facts"], self.models.get(name, ModelCosts()))
        return Drafting(name, counter, known["tokens"], known["reads"])

    def _counter(self, name: str, facts: Mapping[str, Any], own: ModelCosts) -> FlopCounter | None:
        if self.flops == "detailed":
            card = own.card or card_of(facts) or self.card
            if card is None:
                raise UsageError(
                    f"cost.flops is detailed, but {name} does not state its shape; give cost.card, "
                    "or cost.models with a card for each model"
                )
            return card.counter()
        size = own.parameters or _stated(facts, "parameters") or self.parameters
        return None if size is None else FlopCounter.simple(float(size))

    def _charged(self, identity: ModelIdentity, own: ModelCosts) -> _Usd:
        """USD per prompt, per completion and per cached prompt token, as the model is asked."""
        wanted = own.prices or self.prices
        listed = listed_prices(identity.model) if wanted == "litellm" else wanted
        prices = self._prices(identity, wanted, listed)
        if identity.facts.get("mode") != "batch":
            return prices
        told = listed.batch_factor if isinstance(listed, Prices) else None
        factor = told or _stated(identity.facts, "batch_factor") or 1.0
        prompt, completion, cached = (None if p is None else factor * p for p in prices)
        return prompt, completion, cached

    def _prices(self, identity: ModelIdentity, wanted: object, listed: object) -> _Usd:
        """Before any discount."""
        if isinstance(listed, Prices):
            cached = listed.cached_prompt_per_million
            return (
                listed.prompt_per_million / 1e6,
                listed.completion_per_million / 1e6,
                None if cached is None else cached / 1e6,
            )
        prompt, completion, cached = (_stated(identity.facts, name) for name in _STATED)
        if prompt is None or completion is None:
            if wanted == "litellm":
                raise UsageError(
                    f"litellm's price table has no {identity.model}; give its prices in cost.models"
                )
            return None, None, None
        return prompt, completion, cached

    @property
    def flops_convention(self) -> str:
        """What the figures count, for the manifest."""
        if self.flops == "simple":
            return "simple (2P per token)"
        return "detailed (matrix products, causal attention over context and self, output head)"

    @property
    def prompt_counting(self) -> str:
        """How often prompts are counted, for the manifest."""
        if self.shared_prompt == "once":
            return "once_per_prompt" if self.prefix == "cached" else "once_per_request"
        return "per_sample"


@dataclass(frozen=True, slots=True)
class Rates:
    """Cost of one model's tokens; None where it is not known."""

    flops: FlopCounter | None
    usd_per_prompt_token: float | None
    usd_per_completion_token: float | None
    usd_per_cached_token: float | None = None
    """Of a prompt token that the server had cached; None: no other price than of any."""
    drafting: Drafting | None = None
    """Whose tokens are drafted by a smaller network: what that takes is with its samples."""
    decode: FlopCounter | None = None
    """FLOPs of sampled tokens, where these are not those of a network alone."""
    drawn_per_token: float = 1.0
    """Tokens that are drawn for one of a sample."""

    def missing(self, unit: Unit) -> bool:
        """Whether amounts in this unit can't be told."""
        if unit == "flops":
            return self.flops is None or (self.drafting is not None and self.drafting.draft is None)
        return unit == "usd" and self.usd_per_prompt_token is None

    def amounts(self, prompt: float, completion: float, calls: float) -> dict[Unit, float]:
        """Amounts by unit of so many prompt and completion tokens and samples; unknown ones 0.

        All samples are taken to be of one length, each with its own prompt; for detailed FLOPs,
        which grow faster than lengths, that is the least it can be. See `of_samples`.
        """
        samples = max(calls, 1.0)
        lengths = Lengths(
            prefill=prompt,
            prefill_squared=prompt**2 / samples,
            completion=completion,
            completion_squared=completion**2 / samples,
            prompt_times_completion=prompt * completion / samples,
        )
        return self.of_lengths(lengths, calls)

    def of_samples(
        self, prompt: float, completions: Sequence[float], prefills: float, cached: float = 0.0
    ) -> dict[Unit, float]:
        """Amounts of samples of one prompt, which is charged `prefills` times; unknown ones 0.

        prompt: its tokens, of which the first `cached` are not charged; completions: tokens of each
        sample. Never less for larger lengths, so that bounds of them give bounds of amounts.
        """
        return self.of_lengths(
            Lengths.of_samples(prompt, completions, prefills, cached), float(len(completions))
        )

    def of_lengths(self, lengths: Lengths, calls: float) -> dict[Unit, float]:
        """Amounts of samples of which sums (or means) over lengths are known; unknown ones 0.

        Without what drafts took that were not taken; see `speculated`.
        """
        return {
            "tokens": lengths.prefill + self.drawn_per_token * lengths.completion,
            "flops": 0.0 if self.missing("flops") else self._flops(lengths),
            "usd": (self.usd_per_prompt_token or 0.0) * lengths.prefill
            + (self.usd_per_completion_token or 0.0) * lengths.completion,
            "calls": calls,
        }

    def _flops(self, lengths: Lengths) -> float:
        assert self.flops is not None
        prefill = self.flops.prefill(lengths)
        if self.drafting is not None and self.drafting.draft is not None:
            prefill += self.drafting.draft.prefill(lengths)
        return prefill + (self.decode or self.flops).decode(lengths)

    @property
    def worst(self) -> Rates:
        """Rates by which no samples of these lengths exceed their amounts, whatever was drafted."""
        if self.drafting is None:
            return self
        most = replace(self, drawn_per_token=1.0 + self.drafting.tokens)
        if self.missing("flops") or self.flops is None:
            return most
        return replace(most, decode=self.drafting.worst(self.flops))

    def speculated(self, drawn: Sequence[Completion]) -> tuple[float, float, float]:
        """What drafts of these samples took: tokens that were discarded, FLOPs of the draft, its
        prompt apart, and of the target for what was discarded.
        """
        tokens, draft, discarded = 0.0, 0.0, 0.0
        for one in drawn:
            if one.speculated is not None:
                tokens += one.speculated.discarded
                if self.drafting is not None and self.flops is not None:
                    more = self.drafting.flops(
                        self.flops, one.prompt_tokens, one.completion_tokens, one.speculated
                    )
                    draft, discarded = draft + more[0], discarded + more[1]
        return tokens, draft, discarded

    def discount(self, cached: float) -> float:
        """USD that a prompt costs less (below 0: more) since so many of its tokens were cached.

        For what was billed. What may be billed is bounded without it, as a cache promises nothing.
        """
        if self.usd_per_prompt_token is None or self.usd_per_cached_token is None:
            return 0.0
        return (self.usd_per_prompt_token - self.usd_per_cached_token) * cached

    def as_dict(self) -> dict[str, Any]:
        """The rates as plain data, for the manifest."""
        return asdict(self)


def _stated(facts: Mapping[str, Any], name: str) -> float | None:
    """A number that a model, or a manifest, states; None where it is none that can be."""
    value = facts.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1e60 else None
