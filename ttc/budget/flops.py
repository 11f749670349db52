"""FLOPs of transformer inference: 2P per token, or counted from a model's shape.

Both count one multiplication and one addition as two operations and matrix products only (norms,
softmax, rotations and look-ups of embeddings are left out), and see every token once, prompt or
completion:

- `simple`: 2P FLOPs per token for P parameters, whatever the context.
- `detailed`: the products of each layer, attention over a token's context, and the output head for
  sampled tokens. With d the hidden size, L layers, H query heads and G key/value heads of size h, m
  the MLP's width and W the vocabulary,

      per token                  2 L [ d h (H + 2G) + H h d + 3 d m ]    (2 d m without a gate)
      per token and its context  4 L H h                                 (QK and AV, 2 L H h each)
      per sampled token          2 d W

  where a token's context is all tokens before it and itself: 1 .. p for a prompt of p tokens
  (prefill) and p+1 .. p+n for n sampled tokens (decode with a cache). Grouped-query attention
  shrinks the projections of keys and values, not the products with them.

Conventions differ by little: the scripts of arXiv 2510.14913, for one, count two MLP matrices and
contexts p .. p+n-1 in decoding, and an engine never feeds the last sampled token back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

FlopsMode = Literal["simple", "detailed"]


class ModelCard(BaseModel):
    """The shape of a decoder-only transformer, as in its config file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    layers: int = Field(gt=0)
    """Number of layers (Hugging Face: num_hidden_layers)."""
    hidden: int = Field(gt=0)
    """Width of the residual stream (hidden_size)."""
    heads: int = Field(gt=0)
    """Query heads (num_attention_heads)."""
    kv_heads: int | None = Field(default=None, gt=0)
    """Key and value heads (num_key_value_heads); as many as query heads where not given."""
    head_dim: int | None = Field(default=None, gt=0)
    """Size of a head; hidden / heads where not given."""
    mlp_width: int = Field(gt=0)
    """Inner width of the MLP (intermediate_size); of all experts that a token visits."""
    vocab: int = Field(gt=0)
    """Vocabulary (vocab_size)."""
    gated: bool = True
    """Whether the MLP has three matrices (SwiGLU and the like), else two."""

    @model_validator(mode="after")
    def _consistent(self) -> ModelCard:
        if self.head_dim is None and self.hidden % self.heads:
            raise ValueError(
                f"hidden {self.hidden} is no multiple of heads {self.heads}: give head_dim"
            )
        if self.kv_heads is not None and self.heads % self.kv_heads:
            raise ValueError(f"heads {self.heads} are no multiple of kv_heads {self.kv_heads}")
        return self

    def counter(self) -> FlopCounter:
        """FLOPs by token and context."""
        size = self.head_dim or self.hidden // self.heads
        queries = self.heads * size
        keys = (self.kv_heads or self.heads) * size
        attention = self.hidden * (queries + 2 * keys) + queries * self.hidden
        mlp = (3 if self.gated else 2) * self.hidden * self.mlp_width
        body = 2.0 * self.layers * (attention + mlp)
        head = 2.0 * self.hidden * self.vocab
        return FlopCounter(body, body + head, 4.0 * self.layers * queries)


def card_of(facts: Mapping[str, Any]) -> ModelCard | None:
    """The card in what a backend states of its model; None where that is incomplete."""
    known = {name: facts[name] for name in ModelCard.model_fields if facts.get(name) is not None}
    if "hidden" not in known and facts.get("width") is not None:
        known["hidden"] = facts["width"]
    try:
        return ModelCard.model_validate(known)
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class Lengths:
    """Sums (or means) over samples of what FLOPs are a polynomial of; tokens and tokens squared.

    The prefill's figures are of prompts as often as they are charged, the decode's of all samples:
    a prompt that samples share is computed once, but each of them attends to it.
    """

    prefill: float
    prefill_squared: float
    completion: float
    completion_squared: float
    prompt_times_completion: float

    @classmethod
    def of_samples(
        cls, prompt: float, completions: Sequence[float], prefills: float, cached: float = 0.0
    ) -> Lengths:
        """Samples of one prompt of so many tokens that is charged `prefills` times.

        cached: its first tokens that are there already; those after them attend to them too.
        """
        total = float(sum(completions))
        cached = min(cached, prompt)
        return cls(
            prefill=prefills * (prompt - cached),
            prefill_squared=prefills * (prompt**2 - cached**2),
            completion=total,
            completion_squared=float(sum(n**2 for n in completions)),
            prompt_times_completion=prompt * total,
        )


@dataclass(frozen=True, slots=True)
class FlopCounter:
    """FLOPs per prompt token, per sampled token, and per pair of a token and one of its context."""

    prompt_token: float
    completion_token: float
    pair: float = 0.0

    @classmethod
    def simple(cls, parameters: float) -> FlopCounter:
        """2P FLOPs per token."""
        return cls(2.0 * parameters, 2.0 * parameters)

    def prefill(self, lengths: Lengths) -> float:
        """FLOPs of the prompts; contexts 1 .. p sum to p (p + 1) / 2."""
        pairs = (lengths.prefill_squared + lengths.prefill) / 2
        return self.prompt_token * lengths.prefill + self.pair * pairs

    def decode(self, lengths: Lengths) -> float:
        """FLOPs of the sampled tokens; contexts p+1 .. p+n sum to n p + n (n + 1) / 2."""
        inner = (lengths.completion_squared + lengths.completion) / 2
        pairs = lengths.prompt_times_completion + inner
        return self.completion_token * lengths.completion + self.pair * pairs

    def total(self, lengths: Lengths) -> float:
        """FLOPs of prompts and sampled tokens."""
        return self.prefill(lengths) + self.decode(lengths)
