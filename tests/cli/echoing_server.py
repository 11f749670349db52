"""An OpenAI-compatible server that repeats the key it is sent wherever it can.

    python echoing_server.py MODE

good: answers, with the key in the text; refuse: 401 for every call; crash: 500 for every call;
die: breaks the connection. The model list is served in all modes but refuse. stdout gets the URL.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODE = sys.argv[1]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if MODE == "refuse":
            self.refuse()
        else:
            self.reply(200, {"data": [{"id": "m", "revision": "r1"}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if MODE == "refuse":
            self.refuse()
        elif MODE == "crash":
            self.reply(500, {"error": {"message": f"trace: {self.sent()} {self.path}"}})
        elif MODE == "die":
            self.close_connection = True
            self.connection.close()
        else:
            self.answer(asked)

    def sent(self) -> str:
        return self.headers.get("Authorization", "") + " " + self.path

    def refuse(self):
        # Long enough for the client to shorten it in the middle of the key.
        self.reply(401, {"error": {"message": "wrong key " + "." * 275 + self.sent()}})

    def answer(self, asked):
        text = f"You sent {self.sent()}. The answer is \\boxed{{4}}"
        one = {"index": 0, "finish_reason": "stop", "text": text}
        one["message"] = {"role": "assistant", "content": text}
        choices = [dict(one, index=i) for i in range(asked.get("n", 1))]
        used = {"prompt_tokens": 5, "completion_tokens": 9 * len(choices), "total_tokens": 0}
        self.reply(200, {"model": "m", "choices": choices, "usage": used})

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Echo", self.sent().encode("ascii", "replace").decode())
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
server.serve_forever()
