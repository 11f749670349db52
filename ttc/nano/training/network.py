"""The network of `ttc.nano.model` in PyTorch, for training only; a test compares the two."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ttc.nano.config import NetConfig


class Network(nn.Module):
    """Token ids (batch, time) -> logits (batch, time, vocab); weights are (in, out)."""

    def __init__(self, config: NetConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        generator = torch.Generator().manual_seed(seed)
        self.weights = nn.ParameterDict()
        for name, shape in config.shapes().items():
            scale = 0.5 if name == "embed" else 1 / math.sqrt(shape[0])
            if name.startswith(("o.", "down.")):
                scale /= math.sqrt(2 * config.layers)
            values = torch.randn(shape, generator=generator) * scale
            self.weights[name.replace(".", "_")] = nn.Parameter(values)
        half = config.head_dim // 2
        rates = config.rope_base ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = torch.arange(config.context, dtype=torch.float64)[:, None] * rates
        self.cos: Tensor
        self.sin: Tensor
        self.register_buffer("cos", angles.cos().float(), persistent=False)
        self.register_buffer("sin", angles.sin().float(), persistent=False)

    def w(self, name: str) -> Tensor:
        """A weight by its stored name."""
        return self.weights[name.replace(".", "_")]

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.w("out").device

    def rotate(self, x: Tensor) -> Tensor:
        """Rotary positions on (batch, heads, time, head_dim), halves paired."""
        a, b = x.chunk(2, -1)
        cos, sin = self.cos[: x.shape[2]], self.sin[: x.shape[2]]
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    def attend(self, x: Tensor, layer: int) -> Tensor:
        """Causal attention of one block."""
        c = self.config
        n, t, _ = x.shape
        z = norm(x) @ self.w(f"qkv.{layer}")
        q, k, v = z.split([c.heads * c.head_dim, c.head_dim, c.head_dim], -1)
        q = self.rotate(q.view(n, t, c.heads, c.head_dim).transpose(1, 2))
        k = self.rotate(k[:, None]).expand(-1, c.heads, -1, -1)
        y = F.scaled_dot_product_attention(
            q, k, v[:, None].expand(-1, c.heads, -1, -1), is_causal=True
        )
        return y.transpose(1, 2).reshape(n, t, -1) @ self.w(f"o.{layer}")

    def hidden(self, ids: Tensor) -> Tensor:
        """States before the output layer, normalised: (batch, time, width)."""
        e = self.w("embed")
        x = F.embedding(ids, e[0])
        x = x + F.embedding(F.pad(ids, (1, 0))[:, :-1], e[1])
        x = x + F.embedding(F.pad(ids, (2, 0))[:, :-2], e[2])
        for layer in range(self.config.layers):
            x = x + self.attend(x, layer)
            x = x + (norm(x) @ self.w(f"up.{layer}")).relu().square() @ self.w(f"down.{layer}")
        return norm(x)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits."""
        return self.hidden(ids) @ self.w("out")

    def rewards(self, ids: Tensor) -> Tensor:
        """Log odds at each position that the text so far is right: (batch, time)."""
        return self.hidden(ids) @ self.w("reward")

    def adopt(self, other: Network) -> Network:
        """Start from another network of the same shape; a reward head starts at zero."""
        with torch.no_grad():
            for name in self.config.shapes():
                mine = self.w(name)
                mine.zero_() if name == "reward" else mine.copy_(other.w(name))
        return self

    def extend(self, arrays: dict[str, Any]) -> Network:
        """Start from the stored weights of a network with fewer tokens; the rest stays random."""
        with torch.no_grad():
            for name, values in arrays.items():
                known = torch.from_numpy(values)
                mine = self.w(name)
                mine[tuple(slice(size) for size in known.shape)] = known.to(mine)
        return self

    def arrays(self) -> dict[str, Any]:
        """Weights as float16 numpy arrays under their stored names."""
        return {name: self.w(name).detach().cpu().half().numpy() for name in self.config.shapes()}

    def load_arrays(self, arrays: dict[str, Any]) -> None:
        """Set the weights from stored arrays."""
        with torch.no_grad():
            for name, values in arrays.items():
                self.w(name).copy_(torch.from_numpy(values))


def norm(x: Tensor) -> Tensor:
    """Root-mean-square norm without gain."""
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)
