"""A GGUF model in this process by llama.cpp, on CPU or GPU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from ttc.backends import BackendPart
from ttc.core import Capabilities
from ttc.named_files import NamesFile
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.backends.llama_cpp.client import LlamaBackend


@register
class LlamaCpp(BackendPart):
    """A GGUF file by llama-cpp-python: small models on any machine."""

    extra: ClassVar[str | None] = "llama-cpp"
    loads_weights: ClassVar[bool] = True
    incidental: ClassVar[frozenset[str]] = frozenset({"gpu_layers", "threads"})

    type: Literal["llama-cpp"] = "llama-cpp"
    model: Annotated[Path, NamesFile(required=False)]
    """The GGUF file."""
    context_length: int = Field(default=2048, ge=1)
    """Longest prompt and answer together."""
    max_logprobs: int = Field(default=20, ge=0)
    """Most alternatives per token."""
    gpu_layers: int = -1
    """Layers on the GPU, where llama.cpp was built for one; -1: all."""
    threads: int | None = Field(default=None, ge=1)
    """CPU threads; without it half of the cores, and all of them to read prompts."""

    @property
    def offers(self) -> Capabilities:
        return Capabilities(
            chat=True,
            raw=True,
            max_n=64,
            seed=True,
            logprobs=self.max_logprobs,
            prefill=True,
            stop=True,
        )

    def open(self) -> LlamaBackend:
        from ttc.backends.llama_cpp.client import LlamaBackend

        return LlamaBackend(self)
