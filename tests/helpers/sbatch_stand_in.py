#!/usr/bin/env python3
"""`sbatch` for tests without Slurm: does what a script asks for, at once, as processes in order.

Reads the script's #SBATCH lines as sbatch does, runs it once for each task of its array with
SLURM_ARRAY_TASK_ID, writes output where `--output` says, and holds a dependent job back until the
jobs that it names have ended. Knows the options that ttc uses, and no other.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

STATE = Path(os.environ["STAND_IN_STATE"])


def options(script):
    found = {}
    for line in script.read_text().splitlines()[1:]:
        if line.startswith("#SBATCH "):
            (word,) = shlex.split(line.removeprefix("#SBATCH "))
            key, _, value = word.removeprefix("--").partition("=")
            found[key] = value
        elif line and not line.startswith("#"):
            break
    return found


def tasks(array):
    listed, _, _ = array.partition("%")
    for part in listed.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def ended(job):
    return (STATE / f"{job}.ended").exists()


def main():
    words = sys.argv[1:]
    script = Path(words.pop())
    assert "--parsable" in words
    asked = options(script)
    for word in words:
        if word.startswith("--dependency=afterany:"):
            named = word.removeprefix("--dependency=afterany:").split(":")
            assert all(map(ended, named)), f"waits for {named}"
        else:
            assert word == "--parsable", word
    job = 100 + len(list(STATE.iterdir()))
    env = {k: v for k, v in os.environ.items() if not k.startswith("SLURM_")}
    env |= {"SLURM_JOB_ID": str(job), **{f"ASKED_{k}": v for k, v in asked.items()}}
    for task in tasks(asked["array"]) if "array" in asked else [None]:
        log = asked["output"].replace("%%", "\0").replace("%A", str(job)).replace("%j", str(job))
        log = re.sub("%a", str(task), log).replace("\0", "%")
        own = {} if task is None else {"SLURM_ARRAY_TASK_ID": str(task)}
        with open(log, "a") as out:
            subprocess.run(["bash", str(script)], env=env | own, stdout=out, stderr=out, cwd="/")
    (STATE / f"{job}.ended").touch()
    print(job)


if __name__ == "__main__":
    main()
