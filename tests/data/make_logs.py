"""Have the tools whose logs `ttc import` reads write logs of the embedded models, into this folder.

    python -m venv TOOLS/lm_eval && TOOLS/lm_eval/bin/pip install 'lm-eval[api]==0.4.13' torch
    python tests/data/make_logs.py lm_eval TOOLS/lm_eval/bin/python

Likewise `inspect` (`inspect-ai==0.3.285 openai`), `lighteval` (`lighteval==0.13.0 torch
xxhash==3.*`) and `search_and_learn` (`torch transformers accelerate datasets latex2sympy2==1.9.1
word2number`, with PYTHONPATH on the `src` of a checkout of github.com/huggingface/search-and-learn,
commit 6f81cac). Needs the interpreter that runs it to have ttc with its extra `serve`, no network.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent.resolve()
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


@contextmanager
def served() -> Iterator[str]:
    """The embedded models behind an OpenAI-compatible server; its URL."""
    words = [sys.executable, "-m", "ttc", "serve-model", "nano", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        try:
            assert server.stdout is not None
            yield json.loads(server.stdout.readline())["url"]
        finally:
            server.terminate()


def call(folder: Path, python: str, *words: str, **variables: str) -> None:
    subprocess.run(
        [python, *words], cwd=folder, check=True, env={**os.environ, **OFFLINE, **variables}
    )


def keep(found: Path, to: Path) -> None:
    shutil.copyfile(found, to)
    size = to.stat().st_size
    assert size < 100_000, f"{to}: {size} bytes"
    print(f"{to.relative_to(HERE)}: {size:,} bytes")


def one(folder: Path, pattern: str) -> Path:
    (found,) = folder.rglob(pattern)
    return found


def lm_eval(python: str, url: str, folder: Path) -> None:
    """Four responses a problem under three filters; one; and choices by log-likelihood."""
    args = f"model=nano-solver,base_url={url}/completions,tokenizer_backend=None"
    local = ("--model", "local-completions", "--model_args", f"{args},tokenized_requests=False")
    for task, model in (
        ("nano_sums", local),
        ("nano_each", local),
        ("nano_choice", ("--model", "dummy")),
    ):
        out = folder / task
        words = ("--include_path", str(HERE / "lm_eval"), "--tasks", task, "--log_samples")
        call(HERE, python, "-m", "lm_eval", "run", *model, *words, "--output_path", str(out))
        keep(one(out, "samples_*.jsonl"), HERE / "lm_eval" / f"samples_{task}.jsonl")
        keep(one(out, "results_*.json"), HERE / "lm_eval" / f"results_{task}.json")


def inspect(python: str, url: str, folder: Path) -> None:
    """Two epochs a problem, matched against the target and judged by a model; as zip and JSON."""
    inspect_ai = str(Path(python).parent / "inspect")
    for form in ("eval", "json"):
        words = ("sums.py", "--model", "openai-api/nano/nano-solver")
        to = ("--log-dir", str(folder / form), "--log-format", form, "--display", "none")
        how = ("--temperature", "1", "--max-tokens", "96", "--no-log-model-api")
        limit = () if form == "eval" else ("--limit", "2")
        call(
            HERE / "inspect",
            python,
            inspect_ai,
            "eval",
            *words,
            *to,
            *how,
            *limit,
            NANO_API_KEY="none",
            NANO_BASE_URL=url,
            PROBLEMS=str(HERE / "problems.jsonl"),
        )
        keep(one(folder / form, f"*.{form}"), HERE / "inspect" / f"sums.{form}")


# Its list of tasks asks the hub for a judge's model while it is read; no task here has a judge.
LIGHTEVAL = """
import huggingface_hub
huggingface_hub.HfApi.list_models = lambda *_, **__: [None]
from lighteval.__main__ import app
app()
"""


def lighteval(python: str, url: str, folder: Path) -> None:
    """One response a problem, four, and choices by log-likelihood."""
    told = (
        "import importlib.util as u; print(u.find_spec('lighteval').submodule_search_locations[0])"
    )
    site = subprocess.run([python, "-c", told], capture_output=True, text=True, check=True).stdout
    # One of its own tasks would download this when it is imported; nothing here reads it.
    (Path(site.strip()) / "tasks" / "tasks" / "tinyBenchmarks.pkl").touch()
    for name, file in (("sums", "problems.jsonl"), ("choices", "choices.jsonl")):
        (folder / name).mkdir()
        shutil.copyfile(HERE / file, folder / name / "test.jsonl")
    words = ("-c", LIGHTEVAL, "custom", "nano-solver")
    tasks = ("nano_each|0", "nano_four|0", "nano_choice|0")
    call(
        folder,
        python,
        *words,
        str(HERE / "lighteval" / "served.py"),
        ",".join(tasks),
        *("--custom-tasks", str(HERE / "lighteval" / "tasks.py"), "--save-details"),
        *("--output-dir", str(folder)),
        SERVED=url,
        DATA=str(folder),
        HF_HOME=str(folder / "hub"),
    )
    for task in tasks:
        name = task.partition("|")[0]
        keep(
            one(folder, f"details_{name}*.parquet"), HERE / "lighteval" / f"details_{name}.parquet"
        )
    keep(one(folder, "results_*.json"), HERE / "lighteval" / "results.json")


def search_and_learn(python: str, url: str, folder: Path) -> None:
    """Best of 8 with step scores, by its own search, scoring and writing; see its README here."""
    script = str(HERE / "search_and_learn" / "best_of_n.py")
    call(folder, python, script, SERVED=url, TTC=sys.executable, DATA=str(HERE), OUT=str(folder))
    for name in ("best_of_n_completions.jsonl", "best_of_n_completions.parquet"):
        keep(folder / name, HERE / "search_and_learn" / name)


TOOLS = {f.__name__: f for f in (lm_eval, inspect, lighteval, search_and_learn)}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in TOOLS:
        sys.exit(f"usage: make_logs.py {{{'|'.join(TOOLS)}}} PYTHON")
    with served() as address, tempfile.TemporaryDirectory() as scratch:
        TOOLS[sys.argv[1]](sys.argv[2], address, Path(scratch))
