"""vLLM's pooling protocol around nano-prm, as a process: /v1/models, /tokenize, /pooling.

As vLLM does for a reward model with one label, it gives one probability for each token. Under /odd
it refuses, in words that nobody knows, whatever has more than two and an odd number of tokens.
"""

from __future__ import annotations

import json
import socket
from collections import Counter
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from ttc import nano

MODEL = "nano-prm"
network = nano.load(MODEL)
asked: Counter[str] = Counter()


def refused(said: str) -> JSONResponse:
    error = {"message": said, "type": "BadRequestError", "param": None, "code": 400}
    return JSONResponse({"error": error}, 400)


async def models(_: Request) -> JSONResponse:
    entry = {"id": MODEL, "object": "model", "max_model_len": network.info.context_length}
    return JSONResponse({"object": "list", "data": [entry]})


async def tokenize(request: Request) -> JSONResponse:
    asked["tokenize"] += 1
    wanted: dict[str, Any] = await request.json()
    ids = network.text(wanted["prompt"], []).ids
    return JSONResponse({"count": len(ids), "max_model_len": 256, "tokens": ids})


async def pooling(request: Request) -> JSONResponse:
    asked["pooling"] += 1
    ids = (await request.json())["input"]
    if request.url.path.startswith("/odd") and len(ids) > 2 and len(ids) % 2:
        return refused("That is odd.")
    if len(ids) > network.info.context_length:
        return refused(
            f"This model's maximum context length is {network.info.context_length} tokens. However,"
            f" your request has {len(ids)} input tokens."
        )
    (state,) = network.forward.states([ids])
    odds = np.add.reduce(state[: len(ids)] * network.forward.reward, axis=1).astype(np.float64)
    rows = (1 / (1 + np.exp(-odds)))[:, None].tolist()
    data = [{"index": 0, "object": "pooling", "data": rows}]
    usage = {"prompt_tokens": len(ids), "total_tokens": len(ids), "completion_tokens": 0}
    return JSONResponse({"object": "list", "model": MODEL, "data": data, "usage": usage})


async def counts(_: Request) -> JSONResponse:
    return JSONResponse(dict(asked))


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
    routes: list[Mount | Route] = [
        Route("/v1/models", models),
        Route("/tokenize", tokenize, methods=["POST"]),
        Route("/pooling", pooling, methods=["POST"]),
        Route("/counts", counts),
    ]
    routes.append(Mount("/odd", routes=[*routes]))
    config = uvicorn.Config(Starlette(routes=routes), log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
