"""Any OpenAI-compatible server (vLLM, SGLang, llama.cpp, TGI, OpenAI) by the official client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ttc.backends import BackendPart
from ttc.backends.http.addresses import OpenAIAddress
from ttc.backends.http.batch_settings import BatchSettings, Mode
from ttc.backends.http.fields import ExtraBody, Omitted, ServedAs
from ttc.backends.http.secrets import KeyName
from ttc.core import Capabilities
from ttc.registry import register

if TYPE_CHECKING:
    import httpx

    from ttc.backends.openai.client import OpenAIBackend

OPENAI_URL = "https://api.openai.com/v1"


@register
class OpenAI(BackendPart):
    """Any OpenAI-compatible HTTP server; several URLs of one model form a pool."""

    # A URL with a password must not be quoted in the message that refuses it.
    model_config = ConfigDict(hide_input_in_errors=True)
    default_key_env: ClassVar[str] = "OPENAI_API_KEY"
    incidental: ClassVar[frozenset[str]] = frozenset(
        {"api_key_env", "check_model", "connect_timeout", "timeout", "batch"}
    )
    later: ClassVar[frozenset[str]] = frozenset({"mode", "batch"})
    addresses: ClassVar[frozenset[str]] = frozenset({"base_url", "base_urls"})

    type: Literal["openai"] = "openai"
    model: str = Field(min_length=1)
    """The model's name as the server lists it."""
    base_url: OpenAIAddress | None = None
    """The server's address, for most ending in /v1; OPENAI_BASE_URL or OpenAI's own without it."""
    base_urls: tuple[OpenAIAddress, ...] = ()
    """Several servers of the same model, used as one pool; instead of base_url."""
    served_as: ServedAs = None
    """Samples in the journal belong to this name instead of the server's address; set it where the
    same weights move between hosts."""
    api_key_env: KeyName = None
    """Name of the environment variable with the key. OPENAI_API_KEY is sent to OpenAI only."""
    n_per_call: int = Field(default=8, ge=1, le=256)
    """Samples asked for per request (`n`); a server that ignores it is simply asked again."""
    max_logprobs: int = Field(default=20, ge=0)
    """Most alternatives per token that the server gives; 0 where it gives no logprobs."""
    prefill: Literal["none", "continue_final_message"] = "none"
    """How chat servers continue a begun answer; vLLM and SGLang: continue_final_message."""
    raw: bool = True
    """Whether the server has /completions for prompts without a chat template."""
    max_tokens_key: Literal["auto", "max_tokens", "max_completion_tokens"] = "auto"
    """Name of the length limit in chat requests; auto: the new one for OpenAI's own server."""
    missing_usage: Literal["upper_bound", "fail"] = "upper_bound"
    """Replies without token counts: keep, at one token a byte at most, or stop the run."""
    check_model: bool = True
    """Look the model up in /models before the first call; false for servers without that list."""
    connect_timeout: float = Field(default=10.0, gt=0)
    """Seconds to reach the server."""
    timeout: float = Field(default=600.0, gt=0)
    """Seconds for a whole call, however slowly its reply drips in."""
    omit: Omitted = ()
    """Request fields that the server refuses and that are left out, e.g. [seed, top_p]."""
    extra_body: ExtraBody = Field(default_factory=dict)
    """Further request fields, sent as they are; not those that ttc itself decides."""

    mode: Mode = "now"
    """now: each call is sent and answered; batch: calls travel in OpenAI's batches, which cost less
    and take up to a day. Only methods that ask all they ask at once can wait so long."""
    batch: BatchSettings = BatchSettings()
    """How calls are gathered and looked after, where the mode is batch."""

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if self.base_url is not None and self.base_urls:
            raise ValueError("give base_url or base_urls, not both")
        if self.mode == "batch" and len(self.base_urls) > 1:
            raise ValueError("batches stand at one server; give base_url, or mode: now for a pool")
        return self

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

    def open(self) -> OpenAIBackend:
        return self.open_with(None)

    def open_with(
        self, transport: httpx.AsyncBaseTransport | None, env: Mapping[str, str] | None = None
    ) -> OpenAIBackend:
        """Open on another HTTP transport or environment, as tests do."""
        if self.mode == "batch":
            from ttc.backends.openai.batches import OpenAIBatchBackend

            return OpenAIBatchBackend(self, transport, env)
        from ttc.backends.openai.client import OpenAIBackend

        return OpenAIBackend(self, transport, env)
