"""An OpenAI-compatible server that takes its time, and counts what it was asked and answered.

    python slow_server.py LOG SECONDS [GOOD]

Each request gets SECONDS of thought and a text of its own; those after the first GOOD ones are
refused at once, as for a model that is not there. With "mute" in place of GOOD it never tells which
model it serves. LOG gets a line of JSON when a request came and one when its answer was sent.
stdout gets the address.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from json_server import JsonHandler


class Handler(JsonHandler):
    lock = threading.Lock()
    asked = 0

    def do_GET(self) -> None:
        if GOOD == "mute":
            time.sleep(3600)
        super().do_GET()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.lock:
            Handler.asked += 1
            number = Handler.asked
        note("asked", number)
        if GOOD and number > int(GOOD):
            self.reply(404, {"error": {"message": "no such model"}})
            return
        time.sleep(SECONDS)
        choices = [
            {"index": i, "text": f"{number}.{i}", "finish_reason": "stop"} for i in range(body["n"])
        ]
        usage = {"prompt_tokens": 5, "completion_tokens": 2 * len(choices)}
        self.reply(200, {"choices": choices, "usage": usage})
        note("answered", number)


def note(event: str, number: int) -> None:
    with Handler.lock, open(LOG, "a", encoding="utf-8") as file:
        file.write(json.dumps({"event": event, "number": number}) + "\n")


if __name__ == "__main__":
    LOG, SECONDS, GOOD = sys.argv[1], float(sys.argv[2]), "".join(sys.argv[3:])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()
