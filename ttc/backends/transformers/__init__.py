"""A Hugging Face model in this process: a local folder or a hub id, on CPU or GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ttc.backends import BackendPart
from ttc.backends.common.rewards import RewardFormat
from ttc.core import Capabilities
from ttc.named_files import NamesFile
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.backends.transformers.client import TransformersBackend


class Assistance(BaseModel):
    """A smaller model drafts tokens, the model reads all drafts of a round in one pass."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    draft: str = Field(min_length=1)
    """A folder or a hub id; its tokenizer must be the model's."""
    revision: str | None = None
    """Commit, tag or branch on the hub."""
    tokens: int = Field(default=4, ge=1, le=64)
    """Drafts of a round."""


@register
class Transformers(BackendPart):
    """A causal language model by the transformers library, with logprobs and hidden states."""

    later: ClassVar[frozenset[str]] = frozenset({"reward", "speculation"})
    extra: ClassVar[str | None] = "transformers"
    loads_weights: ClassVar[bool] = True
    incidental: ClassVar[frozenset[str]] = frozenset({"batch_size"})

    type: Literal["transformers"] = "transformers"
    model: Annotated[str, NamesFile(folder=True, required=False)] = Field(min_length=1)
    """A folder with weights and tokenizer, or a hub id such as org/name."""
    revision: str | None = None
    """Commit, tag or branch on the hub."""
    device: str = "auto"
    """cpu, cuda, cuda:1 ...; auto takes a GPU where there is one."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Number format of the weights; auto: as they were stored."""
    batch_size: int = Field(default=32, ge=1)
    """Samples computed at a time; lower it when memory runs out."""
    reward: RewardFormat | Literal["auto"] | None = None
    """For process reward models: their published format, or auto where their weights tell it. Such
    a model scores steps and draws no samples."""
    speculation: Assistance | None = None
    """Draw samples by drafts of a smaller model: the same distribution, one sample at a time."""

    @model_validator(mode="after")
    def _samples(self) -> Self:
        if self.reward is not None and self.speculation is not None:
            raise ValueError("a model with reward draws no samples; leave out its speculation")
        return self

    @property
    def offers(self) -> Capabilities:
        if self.reward is not None:
            return Capabilities(chat=True, raw=True, prefill=True, step_scores=True)
        return Capabilities(
            chat=True,
            raw=True,
            max_n=256,
            seed=True,
            logprobs=50,
            prefill=True,
            stop=True,
            hidden_states=True,
            text_logprobs=True,
        )

    def open(self) -> TransformersBackend:
        from ttc.backends.transformers.client import TransformersBackend

        return TransformersBackend(self)
