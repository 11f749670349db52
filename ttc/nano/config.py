"""The shape of a nano network; training and inference build the same one from it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class NetConfig:
    """A pre-norm decoder with rotary positions and one key/value head shared by all query heads.

    Input: the sum of three embeddings (this token, the one before, the one before that), so that a
    number is known as a whole at its last digit. Blocks: attention, then a squared-ReLU layer.
    Norms are root-mean-square without gains. `reward`: with a head that scores lines. `tokens`: the
    name of its tokenizer.
    """

    vocab: int
    width: int = 96
    layers: int = 4
    heads: int = 4
    head_dim: int = 32
    hidden: int = 384
    context: int = 256
    rope_base: float = 500.0
    reward: bool = False
    tokens: str = "base"

    @property
    def qkv(self) -> int:
        """Columns of the fused projection: query heads, then the key, then the value."""
        return (self.heads + 2) * self.head_dim

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight."""
        out: dict[str, tuple[int, ...]] = {"embed": (3, self.vocab, self.width)}
        for i in range(self.layers):
            out[f"qkv.{i}"] = (self.width, self.qkv)
            out[f"o.{i}"] = (self.heads * self.head_dim, self.width)
            out[f"up.{i}"] = (self.width, self.hidden)
            out[f"down.{i}"] = (self.hidden, self.width)
        out["out"] = (self.width, self.vocab)
        if self.reward:
            out["reward"] = (self.width,)
        return out

    @property
    def parameters(self) -> int:
        """Number of weights, embeddings included."""
        total = 0
        for shape in self.shapes().values():
            size = 1
            for n in shape:
                size *= n
            total += size
        return total

    def dumps(self) -> str:
        """As JSON, for the weight file's metadata."""
        facts = asdict(self)
        if self.tokens == "base":  # as the first weight files, which knew no other
            del facts["tokens"]
        return json.dumps(facts, sort_keys=True)

    @classmethod
    def loads(cls, text: str) -> NetConfig:
        """From the weight file's metadata."""
        return cls(**json.loads(text))
