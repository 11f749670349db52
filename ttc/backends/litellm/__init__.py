"""Every provider that litellm knows, with its price table for budgets in USD."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import ConfigDict, Field

from ttc.backends import BackendPart
from ttc.backends.http.addresses import ProviderAddress
from ttc.backends.http.batch_settings import BatchSettings, Mode
from ttc.backends.http.fields import ExtraBody, Omitted, ServedAs
from ttc.backends.http.secrets import KeyName
from ttc.core import Capabilities
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.backends.litellm.client import LiteLLMBackend


@register
class LiteLLM(BackendPart):
    """Any provider by litellm's name for it, e.g. anthropic/..., gemini/..., openai/..."""

    model_config = ConfigDict(hide_input_in_errors=True)
    incidental: ClassVar[frozenset[str]] = frozenset(
        {"api_key_env", "check_model", "timeout", "batch"}
    )
    later: ClassVar[frozenset[str]] = frozenset({"mode", "batch"})
    addresses: ClassVar[frozenset[str]] = frozenset({"api_base"})

    type: Literal["litellm"] = "litellm"
    model: str = Field(min_length=1)
    """litellm's name of the model: provider/model."""
    api_base: ProviderAddress | None = None
    """The server's address, where it is not the provider's own."""
    served_as: ServedAs = None
    """Samples in the journal belong to this name instead of the server's address; set it where the
    same weights move between hosts."""
    api_key_env: KeyName = None
    """Name of the environment variable with the key; without it, the provider's usual one."""
    n_per_call: int = Field(default=8, ge=1, le=256)
    """Samples asked for per request, where the provider takes `n`."""
    max_logprobs: int = Field(default=20, ge=0)
    """Most alternatives per token, where the provider gives logprobs."""
    raw: bool = True
    """Whether the provider completes raw prompts without a chat template."""
    prefill: Literal["none", "continue_final_message"] = "none"
    """How chat servers continue a begun answer; hosted_vllm/...: continue_final_message."""
    check_model: bool = True
    """With an OpenAI-compatible api_base, look the model up in /models before the first call."""
    timeout: float = Field(default=600.0, gt=0)
    """Seconds for a whole call."""
    omit: Omitted = ()
    """Request fields that the provider refuses and that are left out."""
    extra_body: ExtraBody = Field(default_factory=dict)
    """Further request fields, sent as they are; not those that ttc itself decides."""

    mode: Mode = "now"
    """now: each call is sent and answered; batch: calls travel in the provider's batches, which
    cost less and take up to a day. Only methods that ask all they ask at once can wait so long."""
    batch: BatchSettings = BatchSettings()
    """How calls are gathered and looked after, where the mode is batch."""

    @property
    def offers(self) -> Capabilities:
        return Capabilities(
            chat=True,
            raw=self.raw,
            max_n=self.n_per_call,
            seed="seed" not in self.omit,
            logprobs=self.max_logprobs,
            prefill=self.prefill != "none",
            stop="stop" not in self.omit,
        )

    def open(self) -> LiteLLMBackend:
        if self.mode == "batch":
            from ttc.backends.litellm.batches import LiteLLMBatchBackend

            return LiteLLMBatchBackend(self)
        from ttc.backends.litellm.client import LiteLLMBackend

        return LiteLLMBackend(self)
