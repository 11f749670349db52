"""An OpenAI-compatible server whose every word means harm, to terminals and to keys.

    python hostile_server.py MODE

answer: completions; refuse: 400 for every call; crash: 500 for every second call; unknown: no such
model; lost: 401 on the list of models. stdout gets the URL. Where a key is sent, it is repeated in
every text that the API knows, over tokens too.
"""

from __future__ import annotations

import json
import sys
from http.server import ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from hostile_words import HOSTILE
from json_server import JsonHandler

MODE = sys.argv[1]
PIECE = 5  # characters of a token: no key fits


class Handler(JsonHandler):
    calls = 0

    @property
    def word(self) -> str:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return f"{key} {HOSTILE} {key.upper()} {self.path}"

    def do_GET(self):
        if MODE == "lost":
            return self.reply(401, {"error": {"message": self.word}})
        listed = {"id": "m", "revision": self.word, "owned_by": self.word, "root": self.word}
        listed["meta"] = {"n_params": self.word}
        if MODE == "unknown":
            listed["id"] = f"m {self.word}"
        return self.reply(200, {"data": [listed, {"id": self.word}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Handler.calls += 1
        if MODE == "refuse" or (MODE == "crash" and Handler.calls % 2):
            status = 400 if MODE == "refuse" else 500
            error = {"message": self.word, "code": self.word, "type": self.word}
            return self.reply(status, {"error": error})
        return self.reply(200, self.answer(asked))

    def answer(self, asked):
        text = f"{self.word} The answer is \\boxed{{[/red] {self.word}}}. Yes"
        tokens = [text[i : i + PIECE] for i in range(0, len(text), PIECE)]
        one = {"finish_reason": self.word, "text": text, "message": {"content": text}}
        if asked.get("logprobs"):
            one["logprobs"] = {
                "content": [
                    {"token": t, "logprob": -0.1, "top_logprobs": [{"token": t, "logprob": -0.1}]}
                    for t in tokens
                ]
            }
        choices = [{**one, "index": i} for i in range(asked.get("n", 1))]
        used = {"prompt_tokens": 5, "completion_tokens": len(tokens) * len(choices)}
        return {"model": self.word, "id": self.word, "choices": choices, "usage": used}


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
server.serve_forever()
