"""An OpenAI-compatible server that takes so many calls at a time and refuses the others.

    python busy_server.py LOG PORT MOST SECONDS

Port 0: any. A call beyond MOST gets 429 with Retry-After. LOG gets a line of JSON per call: when it
came, whether it was refused, its prompt and seed. stdout gets the port.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time


class Server:
    def __init__(self, log, most: int, seconds: float) -> None:
        self.log, self.most, self.seconds = log, most, seconds
        self.busy = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                lengths = [x[15:] for x in head.split("\r\n") if x.startswith("content-length:")]
                body = json.loads(await reader.readexactly(int(lengths[0]))) if lengths else None
                status, extra, reply = await self.answer(body)
                data = json.dumps(reply).encode()
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{extra}"
                    f"Content-Length: {len(data)}\r\n\r\n".encode()
                    + data
                )
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    async def answer(self, body):
        if body is None:
            return "200 OK", "", {"data": [{"id": "m", "revision": "r1"}]}
        refused = self.busy >= self.most
        entry = {"at": time.monotonic(), "refused": refused, "seed": body.get("seed")}
        self.log.write(json.dumps(entry) + "\n")
        self.log.flush()
        if refused:
            wait = "Retry-After: 0.05\r\n"
            return "429 Too Many Requests", wait, {"error": {"message": "too many calls"}}
        self.busy += 1
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.busy -= 1
        text = f"{body['prompt']} {body.get('seed')}"
        choices = [{"index": 0, "text": text, "finish_reason": "stop"}]
        usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
        return "200 OK", "", {"choices": choices, "usage": usage}


async def main(log: str, port: str, most: str, seconds: str) -> None:
    with open(log, "a", encoding="utf-8") as file:
        server = Server(file, int(most), float(seconds))
        listening = await asyncio.start_server(
            server.handle, "127.0.0.1", int(port), backlog=1000, reuse_address=True
        )
        print(listening.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
