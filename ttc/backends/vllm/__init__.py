"""vLLM's engine in this process, where it is installed: no server, one GPU or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from ttc.backends import BackendPart
from ttc.core import Capabilities
from ttc.named_files import NamesFile
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.backends.vllm.client import VLLMBackend


@register
class VLLM(BackendPart):
    """vLLM in this process: fast batched sampling on a GPU."""

    extra: ClassVar[str | None] = "vllm"
    loads_weights: ClassVar[bool] = True
    incidental: ClassVar[frozenset[str]] = frozenset({"gpu_memory_utilization"})

    type: Literal["vllm"] = "vllm"
    model: Annotated[str, NamesFile(folder=True, required=False)] = Field(min_length=1)
    """A folder with weights and tokenizer, or a hub id such as org/name."""
    revision: str | None = None
    """Commit, tag or branch on the hub."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Number format of the weights; auto: as they were stored."""
    max_model_len: int | None = Field(default=None, ge=1)
    """Longest prompt and answer together; the model's own limit without it."""
    tensor_parallel_size: int = Field(default=1, ge=1)
    """GPUs that share the model."""
    gpu_memory_utilization: float = Field(default=0.9, gt=0, le=1)
    """Share of the GPU's memory that vLLM may take."""
    engine: dict[str, Any] = Field(default_factory=dict)
    """Further arguments of vllm.LLM, passed on as they are."""

    @property
    def offers(self) -> Capabilities:
        return Capabilities(
            chat=True,
            raw=True,
            max_n=1024,
            seed=True,
            logprobs=20,
            prefill=True,
            stop=True,
            text_logprobs=True,
        )

    def open(self) -> VLLMBackend:
        from ttc.backends.vllm.client import VLLMBackend

        return VLLMBackend(self)
