"""A process reward model that vLLM serves, by its pooling API (`/tokenize` and `/pooling`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import ConfigDict, Field

from ttc.backends import BackendPart
from ttc.backends.common.rewards import RewardFormat
from ttc.backends.http.addresses import ProviderAddress
from ttc.backends.http.fields import ServedAs
from ttc.backends.http.secrets import KeyName
from ttc.core import Capabilities
from ttc.registry import register

if TYPE_CHECKING:
    import httpx

    from ttc.backends.vllm_pooling.client import VLLMPoolingBackend


@register
class VLLMPooling(BackendPart):
    """A process reward model behind vLLM's pooling API; it scores steps and draws no samples."""

    # A URL with a password must not be quoted in the message that refuses it.
    model_config = ConfigDict(hide_input_in_errors=True)
    incidental: ClassVar[frozenset[str]] = frozenset(
        {"api_key_env", "check_model", "connect_timeout", "timeout"}
    )
    addresses: ClassVar[frozenset[str]] = frozenset({"base_url"})

    type: Literal["vllm_pooling"] = "vllm_pooling"
    model: str = Field(min_length=1)
    """The model's name as the server lists it."""
    base_url: ProviderAddress
    """The server's address, such as http://localhost:8000."""
    reward: RewardFormat | Literal["plain"]
    """How the model wants its steps: the published format of its checkpoint, or plain, for prompt
    and steps as they are, with a score at the last token of each."""
    values: Literal["probabilities", "logits"] = "probabilities"
    """What the server gives: vLLM's activation makes probabilities; logits where it is off."""
    bos: str = ""
    """With reward: skywork, the text of the token that its texts begin with."""
    served_as: ServedAs = None
    """Scores in the journal belong to this name instead of the server's address; set it where the
    same weights move between hosts."""
    api_key_env: KeyName = None
    """Name of the environment variable with the key, if the server wants one."""
    check_model: bool = True
    """Look the model up in /v1/models before the first call."""
    connect_timeout: float = Field(default=10.0, gt=0)
    """Seconds to reach the server."""
    timeout: float = Field(default=600.0, gt=0)
    """Seconds for a whole call."""

    @property
    def offers(self) -> Capabilities:
        return Capabilities(chat=True, raw=True, prefill=True, stop=False, step_scores=True)

    def open(self) -> VLLMPoolingBackend:
        return self.open_with(None)

    def open_with(
        self, transport: httpx.AsyncBaseTransport | None, env: Mapping[str, str] | None = None
    ) -> VLLMPoolingBackend:
        """Open on another HTTP transport or environment, as tests do."""
        from ttc.backends.vllm_pooling.client import VLLMPoolingBackend

        return VLLMPoolingBackend(self, transport, env)
