"""Ctrl-C in `ttc.run`: what is paid for is kept, in a script and in a notebook's event loop."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

CHANGES = {
    "sampler.solutions": 128,
    "budget.per_problem": {},
    "engine.n_per_call": 8,
    "engine.finish_s": 2,
}
PLAIN = """
import ttc
try:
    ttc.run("quickstart", CHANGES)
except KeyboardInterrupt as error:
    print("KEPT", error, flush=True)
"""
IN_A_LOOP = """
import asyncio, signal, ttc
async def cell():
    # As notebooks have it: the interpreter's own handler, whatever asyncio set up.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        ttc.run("quickstart", CHANGES)
    except KeyboardInterrupt as error:
        print("KEPT", error, flush=True)
asyncio.run(cell())
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", [PLAIN, IN_A_LOOP], ids=["script", "notebook"])
def test_what_is_paid_for_is_kept(tmp_path, code):
    command = [sys.executable, "-c", code.replace("CHANGES", repr(CHANGES))]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        run = sampling(tmp_path)
        os.kill(process.pid, signal.SIGINT)
        shown, _ = process.communicate(timeout=90)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "KEPT Interrupted:" in shown
    assert "are kept in results/journal.sqlite" in shown
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["status"] == "interrupted"
    assert manifest["ledger"]["roles"]["solver"]["samples"] > 0


def sampling(folder, seconds=90):
    """The run's folder, once it has samples."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path in folder.glob("results/*/*/status.json"):
            status = json.loads(path.read_text())
            if status["stage"] == "sampling" and any(r["done"] for r in status["roles"].values()):
                return path.parent
        time.sleep(0.2)
    raise AssertionError("nothing was sampled")


def test_before_the_first_call_it_stops_at_once():
    import asyncio

    from ttc.pipeline.signals import Stop

    stop = Stop()
    stop.ask()

    async def work():
        with stop.of(None, lambda: None):
            raise AssertionError("not reached")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(work())
