"""Batch mode of `type: openai`, by the official client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from ttc.backends.http import batch_protocol as protocol
from ttc.backends.http.batch_settings import PRICED_LOWER
from ttc.backends.http.client import classified, read_json
from ttc.backends.openai.client import OpenAIBackend, Server, is_openai
from ttc.core import Call, Completion, ModelIdentity
from ttc.core.batches import Batch, BatchReply, BatchTerms
from ttc.errors import BackendError

_MOST_BYTES = 2 << 30  # of a file of replies
_AZURE = ".azure.com"


class OpenAIBatchBackend(OpenAIBackend):
    """See `ttc.core.batches.BatchBackend`."""

    @property
    def batching(self) -> BatchTerms:
        return self._config.batch.terms

    async def identify(self) -> ModelIdentity:
        factor = PRICED_LOWER if _states_a_discount(self._server.url) else None
        return protocol.identified(await super().identify(), factor)

    @property
    def _server(self) -> Server:
        (server,) = self._pool.endpoints
        return server

    def encode(self, name: str, call: Call) -> tuple[str, bytes]:
        return protocol.encoded(name, *self._request(call))

    async def upload(self, name: str, content: bytes) -> str:
        files, file = self._server.client.files, (name, content, "application/jsonl")

        async def ask() -> Any:
            return await files.with_raw_response.create(file=file, purpose="batch")

        return protocol.read_id(await self._json(ask), self._where(self._server), "file")

    async def start(self, file: str, route: str, token: str) -> Batch:
        batches = self._server.client.batches

        async def ask() -> Any:
            return await batches.with_raw_response.create(
                input_file_id=file,
                endpoint=route,  # type: ignore[arg-type]
                completion_window=protocol.WINDOW,  # type: ignore[arg-type]
                metadata={protocol.TOKEN: token},
                extra_headers={"Idempotency-Key": token},
            )

        return self._batch(await self._json(ask))

    async def look(self, batch: str) -> Batch:
        batches = self._server.client.batches
        return self._batch(await self._json(lambda: batches.with_raw_response.retrieve(batch)))

    async def find(self, token: str, file: str) -> Batch | None:
        return await protocol.look_for(self._page, token, file, self._where(self._server))

    async def _page(self, after: str) -> Any:
        asked = {"limit": str(protocol.PAGE), **({"after": after} if after else {})}
        return await self._json(
            lambda: self._server.client.get(
                "/batches", cast_to=httpx.Response, options={"params": asked}
            )
        )

    async def fetch(self, batch: Batch) -> list[BatchReply]:
        found: list[BatchReply] = []
        for file in batch.files:
            response = await self._asked(lambda file=file: self._file(file), _MOST_BYTES)  # type: ignore[misc]
            found += await asyncio.to_thread(protocol.read_lines, response.content)
        return found

    async def _file(self, file: str) -> Any:
        return await self._server.client.files.with_raw_response.content(file)

    def read(self, reply: BatchReply, call: Call) -> list[Completion]:
        where = self._where(self._server)
        found, known = protocol.read_answer(self._scrub.reply(reply.content), call, where)
        self._note_usage(known, self._server)
        return found

    async def cancel(self, batch: str) -> None:
        batches = self._server.client.batches
        await self._json(lambda: batches.with_raw_response.cancel(batch))

    def _batch(self, reply: Any) -> Batch:
        return protocol.read_batch(reply, self._where(self._server))

    async def _json(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        response = await self._asked(ask)
        return self._scrub.reply(read_json(response, self._where(self._server)))

    async def _asked(
        self, ask: Callable[[], Awaitable[Any]], most: int | None = None
    ) -> httpx.Response:
        async def bare() -> httpx.Response:
            found = await ask()
            return getattr(found, "http_response", found)  # type: ignore[no-any-return]

        where, more = self._where(self._server), {} if most is None else {"most": most}
        try:
            return await classified(bare, self._config, where, **more)
        except BackendError as error:
            error.args = (_hinted(str(error), error.refused),)
            raise


def _hinted(said: str, status: int | None) -> str:
    if status not in (404, 405):
        return said
    return f"{said}; if the server offers no batches, leave `mode: batch` out of the backend"


def _states_a_discount(url: str) -> bool:
    return is_openai(url) or (httpx.URL(url).host or "").endswith(_AZURE)
