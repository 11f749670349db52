"""An OpenAI-compatible server that refuses some prompts until a file says that it is mended.

    python mending_server.py LOG MENDED AT_FIRST GO_ON [WORD ...]

A prompt with any of the WORDs is refused (HTTP 400) while there is no file MENDED. Any other is
answered by a text that follows from the prompt and the seed; after AT_FIRST answers, not before
there is a file GO_ON. LOG gets a line of JSON for each request: "asked" and "answered" or
"refused". stdout gets the address.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from http.server import ThreadingHTTPServer
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from json_server import JsonHandler


class Handler(JsonHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        note("asked")
        if not MENDED.exists() and any(word in body["prompt"] for word in WORDS):
            note("refused")
            self.reply(400, {"error": {"message": "this prompt can't be parsed"}})
            return
        time.sleep(SECONDS)
        at_once = next(PLACES) < AT_FIRST
        while not (at_once or GO_ON.exists()):
            time.sleep(0.02)
        note("answered")
        choices = [
            {"index": i, "text": said(body, i), "finish_reason": "stop"}
            for i in range(body.get("n") or 1)
        ]
        self.reply(200, {"choices": choices, "usage": {"prompt_tokens": 5, "completion_tokens": 8}})


def said(body: dict, place: int) -> str:
    word = f"{body['prompt']} {body['seed'] + place}".encode()
    return f"Answer: {hashlib.sha256(word).digest()[0] % 5}"


SECONDS = 0.05
LOCK, PLACES = threading.Lock(), count()


def note(event: str) -> None:
    with LOCK, open(LOG, "a", encoding="utf-8") as file:
        file.write(json.dumps({"event": event}) + "\n")


if __name__ == "__main__":
    LOG, MENDED, AT_FIRST, GO_ON = (
        sys.argv[1],
        Path(sys.argv[2]),
        int(sys.argv[3]),
        Path(sys.argv[4]),
    )
    WORDS = sys.argv[5:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()
