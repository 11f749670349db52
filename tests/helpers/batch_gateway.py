"""OpenAI's batch protocol, as a process, in front of any server that answers requests one by one.

    python batch_gateway.py UPSTREAM [--log FILE] [--seed N] [--seconds S] [--until FILE]
                            [FAULT ...]

A line of a batch is one request to the upstream server, with the key that its batch came with; what
fails there is a line of the error file. All else (/models) goes through. Faults are of batches:

    shuffled    replies come in any order (else as they ended)
    doubled     a third of the replies come twice, as one text
    strange     a reply belongs to no call
    lost        the first batch ends with a third of its lines missing, as if all were well
    expired     the first batch expires when half of it is done
    broken      a third of the first batch's lines fail with HTTP 500
    rejected    the first batch fails validation, for no line of it
    named       the first batch fails validation, for its last line
    never       no batch passes validation
    full        batches of more than 8 requests are not accepted (enqueued tokens)
    silent      the first request for a batch is taken, and answered by an HTTP 500 all the same

--seconds: how long a batch takes at least; --until: a file that all wait for, too. LOG gets a line
of JSON for each request of a batch when it is sent upstream, and one for each batch. stdout gets
the address.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ttc.serve.batches import BatchDesk, Job, outcome
from ttc.serve.errors import ApiError


class Gateway(BatchDesk):
    def __init__(self, upstream: str, faults: set[str], seed: int, seconds: float, log: str | None):
        super().__init__(self._unused)
        self.upstream, self.faults, self.seconds = upstream.rstrip("/"), faults, seconds
        self.dice = random.Random(seed)
        self.log = open(log, "a", encoding="utf-8") if log else None  # noqa: SIM115
        self.client = httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None))
        self.first = True
        self.until: Path | None = None
        self.keys: dict[str, str] = {}
        self.asked: list[str] = []

    async def _unused(self, route: str, body: Any) -> tuple[int, Any]:
        raise NotImplementedError

    def note(self, **entry: Any) -> None:
        if self.log is not None:
            self.log.write(json.dumps(entry) + "\n")
            self.log.flush()

    async def start(self, request: Request) -> Response:
        key = request.headers.get("authorization", "")
        before = set(self.jobs)
        done = await self._create(request)
        for name in self.jobs.keys() - before:
            self.keys[name] = key
            self.note(event="batch", id=name, who=key.removeprefix("Bearer "))
        if "silent" in self.faults and self.first:
            self.faults.discard("silent")
            return Response(status_code=500)
        return done

    def _validated(self, job: Job) -> list[dict[str, Any]]:
        lines = super()._validated(job)
        first, self.first = self.first, False
        job.metadata["first"] = "yes" if first else ""
        fault = {"code": "invalid_request", "message": "This is not to our liking."}
        if (first and "rejected" in self.faults) or "never" in self.faults:
            job.faults.append({**fault, "line": None, "param": None})
        if first and "named" in self.faults:
            job.faults.append({**fault, "line": len(lines), "param": None})
        if "full" in self.faults and len(lines) > 8:
            said = "Enqueued token limit reached for m. Please try again later."
            job.faults.append({"code": "token_limit_exceeded", "message": said, "line": None})
        return lines

    async def work(self, job: Job, lines: list[dict[str, Any]]) -> None:
        first = bool(job.metadata.pop("first", ""))
        await asyncio.sleep(self.seconds)
        while self.until is not None and not self.until.exists():
            await asyncio.sleep(0.02)
        half = lines[: (len(lines) + 1) // 2] if first and "expired" in self.faults else lines
        broken = {x["custom_id"] for x in lines[::3]} if first and "broken" in self.faults else ()
        places = asyncio.Semaphore(16)

        async def one(line: dict[str, Any]) -> None:
            name = line["custom_id"]
            if name in broken:
                error = {"error": {"message": "oops", "type": "server_error"}}
                job.errors.append(outcome(name, {"status_code": 500, "body": error}, None))
                return
            async with places:
                response, error = await self.send(job, line)
            well = response is not None and response["status_code"] == 200
            (job.output if well else job.errors).append(outcome(name, response, error))

        await asyncio.gather(*map(one, half))
        self.spoil(job, first)
        if len(half) < len(lines):
            raise TimeoutError

    def spoil(self, job: Job, first: bool) -> None:
        if first and "lost" in self.faults:
            del job.output[::3]
        if "strange" in self.faults and job.output:
            job.output.append({**job.output[0], "custom_id": "ttc-somebody-else-s"})
        if "doubled" in self.faults:
            job.output += job.output[::3]
        if "shuffled" in self.faults:
            self.dice.shuffle(job.output)

    async def send(self, job: Job, line: dict[str, Any]) -> tuple[Any, Any]:
        headers = {"Authorization": self.keys[job.id]} if self.keys.get(job.id) else {}
        url = self.upstream + line["url"].removeprefix("/v1")
        self.note(event="line", batch=job.id, name=line["custom_id"])
        try:
            found = await self.client.post(url, json=line["body"], headers=headers)
        except httpx.HTTPError as error:
            return None, {"code": "request_timeout", "message": type(error).__name__}
        try:
            body = found.json()
        except ValueError:
            body = found.text
        self.bill(line["body"], found.status_code, body)
        return {"status_code": found.status_code, "request_id": "r", "body": body}, None

    def bill(self, asked: dict[str, Any], status: int, body: Any) -> None:
        """Only what is answered costs something; all that upstream says it used, whatever it is."""
        used = body.get("usage") if isinstance(body, dict) and status == 200 else None
        if used:
            tokens = used.get("prompt_tokens", 0) + used.get("completion_tokens", 0)
            self.note(event="billed", prompt=asked.get("prompt"), tokens=tokens)

    async def through(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/v1")
        headers = {k: v for k, v in request.headers.items() if k == "authorization"}
        if request.method == "GET":
            found = await self.client.get(self.upstream + path, headers=headers)
        else:
            body = await request.body()
            found = await self.client.post(self.upstream + path, content=body, headers=headers)
        return Response(found.content, found.status_code, {"content-type": "application/json"})


async def api_error(request: Request, error: Any) -> Response:
    return Response(json.dumps(error.body()), error.status, {"content-type": "application/json"})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("upstream")
    parser.add_argument("faults", nargs="*")
    parser.add_argument("--log")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--until", type=Path)
    args = parser.parse_args()
    gate = Gateway(args.upstream, set(args.faults), args.seed, args.seconds, args.log)
    gate.until = args.until
    routes = [Route("/v1/batches", gate.start, methods=["POST"]), *gate.routes()]
    routes.append(Route("/v1/{rest:path}", gate.through, methods=["GET", "POST"]))
    app = Starlette(routes=routes, exception_handlers={ApiError: api_error})
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", flush=True)
    config = uvicorn.Config(app, log_level="critical", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
