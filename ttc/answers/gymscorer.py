"""Makes problems of reasoning-gym, and scores answers by its checkers, in the sandbox.

Its text is the program that the sandbox runs.

Each answer is scored by a fork, which an answer may crash, hold up or take over: its say is about
itself only. So the library is imported once, and no answer is in the way of another.
"""

import hashlib
import json
import math
import os
import select
import signal
import sys
from typing import Any


def main() -> None:
    order = json.load(sys.stdin)
    print(json.dumps([order["mark"], _found(order)]))


def _found(order: dict[str, Any]) -> Any:
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    if order["task"] not in DATASETS:
        return {"unknown": sorted(DATASETS)}
    size = order["most"] if order["do"] == "make" else order["index"] + 1
    settings = order["settings"] | {"seed": order["seed"], "size": size}
    try:
        data = reasoning_gym.create_dataset(order["task"], **settings)
    except (TypeError, ValueError, AssertionError) as error:
        return {"refused": str(error)}
    if order["do"] == "make":
        return _made(data, order["number"], order["most"])
    entry = data[order["index"]]
    if digest(entry["question"]) != order["asks"]:
        return "changed"
    return [_score(data, entry, answer, order["limit_s"]) for answer in order["answers"]]


def digest(question: Any) -> str:
    return hashlib.sha256(str(question).encode(errors="surrogatepass")).hexdigest()[:16]


def _made(data: Any, number: int, most: int) -> list[tuple[int, str, str, str]]:
    """(index, question, its digest, answer) of the first problems whose question is new."""
    found: dict[str, tuple[int, str, str, str]] = {}
    for index in range(most):
        if len(found) == number:
            break
        entry = data[index]
        question = str(entry["question"])
        found.setdefault(question, (index, question, digest(question), str(entry["answer"])))
    return list(found.values())


def _score(data: Any, entry: dict[str, Any], answer: str, limit_s: float) -> float:
    """0 where the checker is late or gives no number in [0, 1]."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            os.write(writing, repr(float(data.score_answer(answer, entry))).encode())
        finally:
            os._exit(0)
    os.close(writing)
    in_time, _, _ = select.select([reading], [], [], limit_s)
    said = os.read(reading, 64) if in_time else b""
    os.close(reading)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    try:
        score = float(said)
    except ValueError:
        return 0.0
    return score if math.isfinite(score) and 0 <= score <= 1 else 0.0


if __name__ == "__main__":
    main()
