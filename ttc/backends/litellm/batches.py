"""Batch mode of `type: litellm`, by litellm's own calls for files and batches.

It knows batches of some providers only, and hands their files over in OpenAI's form.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ttc.backends.common.foreign import make_whole
from ttc.backends.http import batch_protocol as protocol
from ttc.backends.litellm.client import LiteLLMBackend
from ttc.core import Call, Completion, ModelIdentity
from ttc.core.batches import Batch, BatchReply, BatchTerms
from ttc.errors import BackendError

if TYPE_CHECKING:
    from ttc.backends.litellm import LiteLLM

PROVIDERS = ("openai", "azure", "hosted_vllm", "mistral", "vertex_ai", "xai")
"""Providers whose batches litellm makes and reads back in OpenAI's form."""
_LISTING = ("openai", "azure", "hosted_vllm", "vertex_ai", "xai")
# litellm's own would be 2: a request for a batch that is sent twice may make two.
_ONCE = {"max_retries": 0, "num_retries": 0}


class LiteLLMBatchBackend(LiteLLMBackend):
    """See `ttc.core.batches.BatchBackend`. Raises `BackendError` for providers without batches."""

    def __init__(self, config: LiteLLM) -> None:
        super().__init__(config)
        if self._provider not in PROVIDERS:
            raise BackendError(
                f"litellm makes no batches for {self._provider}, only for {', '.join(PROVIDERS)}; "
                "leave `mode: batch` out of the backend"
            )

    @property
    def batching(self) -> BatchTerms:
        return self._config.batch.terms

    async def identify(self) -> ModelIdentity:
        return protocol.identified(await super().identify(), self._factor())

    def _factor(self) -> float | None:
        """What batches cost of usual prices, where litellm's table has both."""
        try:
            info = dict(self._litellm.get_model_info(self._config.model))
        except Exception:  # ModelNotMappedError derives from Exception itself
            return None
        priced = [
            info[f"{kind}_cost_per_token_batches"] / info[f"{kind}_cost_per_token"]
            for kind in ("input", "output")
            if info.get(f"{kind}_cost_per_token_batches") and info.get(f"{kind}_cost_per_token")
        ]
        return min(1.0, max(priced)) if len(priced) == 2 else None

    def encode(self, name: str, call: Call) -> tuple[str, bytes]:
        fields = self._arguments(call)
        beyond = fields.get("extra_body", {})
        ours = ("model", "api_base", "api_key", "timeout", "client", "extra_body", *_ONCE)
        body = {"model": self._name, **beyond}
        body |= {key: value for key, value in fields.items() if key not in ours}
        path = "/chat/completions" if call.prompt.messages else "/completions"
        return protocol.encoded(name, path, body)

    async def upload(self, name: str, content: bytes) -> str:
        file = (name, content, "application/jsonl")
        made = await self._told(lambda: self._litellm.acreate_file(file=file, **self._to("batch")))
        return protocol.read_id(made, self._where, "file")

    async def start(self, file: str, route: str, token: str) -> Batch:
        return await self._batch(
            lambda: self._litellm.acreate_batch(
                completion_window=protocol.WINDOW,
                endpoint=route,
                input_file_id=file,
                metadata={protocol.TOKEN: token},
                **self._to(),
            )
        )

    async def look(self, batch: str) -> Batch:
        return await self._batch(
            lambda: self._litellm.aretrieve_batch(batch_id=batch, **self._to())
        )

    async def find(self, token: str, file: str) -> Batch | None:
        if self._provider not in _LISTING:
            raise BackendError(
                self._where.say("litellm lists no batches of this provider"), refused=404
            )
        return await protocol.look_for(self._page, token, file, self._where)

    async def _page(self, after: str) -> Any:
        asked = {"limit": protocol.PAGE, **({"after": after} if after else {})}
        return await self._told(lambda: self._litellm.alist_batches(**asked, **self._to()))

    async def fetch(self, batch: Batch) -> list[BatchReply]:
        found: list[BatchReply] = []
        for file in batch.files:
            content = await self._sent(
                lambda file=file: self._litellm.afile_content(file_id=file, **self._to())  # type: ignore[misc]
            )
            found += await asyncio.to_thread(protocol.read_lines, content.content)
        return found

    def read(self, reply: BatchReply, call: Call) -> list[Completion]:
        return protocol.read_answer(self._scrub.reply(reply.content), call, self._where)[0]

    async def cancel(self, batch: str) -> None:
        await self._told(lambda: self._litellm.acancel_batch(batch_id=batch, **self._to()))

    def _to(self, purpose: str = "") -> dict[str, Any]:
        """Who is asked, and by what key."""
        return {
            **({"purpose": purpose} if purpose else {}),
            "custom_llm_provider": self._provider,
            "api_base": self._config.api_base,
            "api_key": self._key,
            "timeout": self._config.timeout,
            **_ONCE,
        }

    async def _batch(self, ask: Callable[[], Awaitable[Any]]) -> Batch:
        return protocol.read_batch(await self._told(ask), self._where)

    async def _told(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """A reply as plain data."""
        found = await self._sent(ask)
        plain = found.model_dump() if hasattr(found, "model_dump") else _listed(found)
        return self._scrub.reply(make_whole(plain))


def _listed(found: Any) -> dict[str, Any]:
    """A page of batches, in whatever form litellm gives it."""
    data = found.get("data") if isinstance(found, dict) else getattr(found, "data", None)
    rows = [one.model_dump() if hasattr(one, "model_dump") else one for one in data or ()]
    more = found.get("has_more") if isinstance(found, dict) else getattr(found, "has_more", False)
    return {"data": rows, "has_more": bool(more)}
