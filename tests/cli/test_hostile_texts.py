"""A run whose every text means harm to the terminal that shows it, in every command that prints."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile_terminal import on_a_terminal
from hostile_words import HOSTILE
from processes import ttc

_OURS = {"policy", "metadata", "estimator"}
"""Columns whose values are words of ttc's or JSON."""


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A folder with `results/<hostile>/<run id>`."""
    folder = tmp_path_factory.mktemp("hostile")
    size = ["--problems", "12", "--solutions", "16", "--verified-solutions", "16"]
    ttc(folder, "simulate", *size, "--verifications", "8").check_returncode()
    (run,) = (folder / "results" / "simulated").iterdir()
    for table in run.glob("*.parquet"):
        poison(table)
    found = json.loads((run / "manifest.json").read_text())
    found |= {"note": HOSTILE, "dataset": HOSTILE, "recipe_name": HOSTILE}
    found["models"] = {
        f"role {HOSTILE}": {
            "backend": HOSTILE,
            "model": HOSTILE,
            "endpoint": HOSTILE,
            "revision": HOSTILE,
            "warning": HOSTILE,
        }
    }
    found["failures"] = {
        f"reason {HOSTILE}": {"samples": 3, "example": HOSTILE, "fix": HOSTILE, "from_journal": 1}
    }
    found["choices"]["flops"] = HOSTILE
    found["choices"]["prompt_counting"] = HOSTILE
    found["choices"]["lambda_by_verifier"] = {
        name + HOSTILE: value for name, value in found["choices"]["lambda_by_verifier"].items()
    }
    facts = found["evaluation"] = poisoned(found["evaluation"])
    facts |= {"without_valid_answer": [HOSTILE], "evaluated": 2, "fewest_solutions": 1}
    facts["without_verifications"] = {HOSTILE: [HOSTILE, HOSTILE]}
    (run / "manifest.json").write_text(json.dumps(found))
    entry = {"time": HOSTILE, "level": HOSTILE, "event": HOSTILE, "message": HOSTILE}
    (run / "log.jsonl").write_text(json.dumps(entry) + "\n")
    status = {
        "run_id": HOSTILE,
        "recipe_name": HOSTILE,
        "state": "failed",
        "stage": HOSTILE,
        "doing": HOSTILE,
        "last_retry": HOSTILE,
        "retries": 3,
        "failures": found["failures"],
        "endpoints": [{"url": HOSTILE, "state": HOSTILE, HOSTILE: HOSTILE}],
        "warnings": [HOSTILE],
        "error": HOSTILE,
        "budget": {HOSTILE: {"spent": 1, "limit": 2}},
        "failed_samples": 3,
    }
    (run / "status.json").write_text(json.dumps(status))
    parent = folder / "results" / HOSTILE.replace("/", "|")
    run.parent.rename(parent)
    return folder


def poison(path: Path) -> None:
    table = pq.read_table(path)
    for i, field in enumerate(table.schema):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_string(kind) and field.name not in _OURS:
            values = [
                v if v is None or (field.name == "verifier" and not v) else bad(v)
                for v in table.column(i).to_pylist()
            ]
            table = table.set_column(i, field, pa.array(values, pa.string()).cast(field.type))
    pq.write_table(table, path)


def bad(text: str) -> str:
    return f"{text} {HOSTILE}"


def poisoned(value):
    if isinstance(value, dict):
        return {key: poisoned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(v) for v in value]
    return bad(value) if isinstance(value, str) else value


def one(results: Path) -> str:
    (run,) = results.glob("results/*/*")
    return str(run.relative_to(results))


def problem(results: Path) -> str:
    return pq.read_table(results / one(results) / "problems.parquet")["problem_id"][0].as_py()


SHOWN = {
    "show": ["show", "RUN"],
    "show a problem": ["show", "RUN", "--problem", "ID"],
    "status": ["status", "RUN"],
    "status json": ["status", "RUN", "--json"],
    "follow": ["status", "RUN", "--watch"],
    "curves": ["curves", "RUN"],
    "more curves": ["curves", "RUN", "--policy", "best_of_n", "--k", "3", "--unit", "flops"],
    "recommend": ["recommend", "RUN", "--budget", "16", "--unit", "c"],
    "recommend json": ["recommend", "RUN", "--budget", "16", "--unit", "c", "--json"],
    "fit": ["fit-scaling", "RUN", "--draws", "20"],
    "plan": ["plan", "quickstart", "--like", "RUN"],
    "judge": ["eval-verifier", "RUN", "--draws", "20", "--by", "difficulty"],
    "judge json": ["eval-verifier", "RUN", "--draws", "20", "--json"],
}
REFUSED = {
    "show no problem": ["show", "RUN", "--problem", "none"],
    "show a hostile problem": ["show", "RUN", "--problem", HOSTILE],
    "no run": ["show", HOSTILE],
    "an option": ["show", "RUN", f"--{HOSTILE}"],
    "too many words": ["show", "RUN", HOSTILE],
    "a wrong number": ["show", "RUN", "--limit", HOSTILE],
    "no command": [HOSTILE],
    "no kind": ["list", HOSTILE],
    "no recipe": ["run", HOSTILE],
    "an override": ["run", "quickstart", "--set", f"{HOSTILE}={HOSTILE}"],
    "a value": ["run", "quickstart", "--set", f"sampler.solutions='{HOSTILE}'"],
    "no column": ["import", "x", "--map", HOSTILE],
    "no policy": ["curves", "RUN", "--policy", HOSTILE],
    "no unit": ["curves", "RUN", "--unit", HOSTILE],
    "no verifier": ["curves", "RUN", "--verifier", HOSTILE],
    "nobody to judge": ["eval-verifier", "RUN", "--verifier", HOSTILE],
    "no groups": ["eval-verifier", "RUN", "--by", HOSTILE],
    "no attack": ["eval-verifier", "RUN", "--attack", HOSTILE],
    "no url": ["doctor", f"http://{HOSTILE}"],
    "no served model": ["serve-model", HOSTILE],
    "no parameters": ["simulate", HOSTILE],
    "no budget": ["recommend", "RUN", "--budget", "1", "--unit", HOSTILE],
}


def filled(results: Path, words: list[str]) -> list[str]:
    return [one(results) if w == "RUN" else problem(results) if w == "ID" else w for w in words]


@pytest.mark.slow
@pytest.mark.parametrize("words", SHOWN.values(), ids=SHOWN)
def test_no_text_of_a_run_is_obeyed(results, words):
    on_a_terminal(results, *filled(results, words)).check(0)


@pytest.mark.parametrize("words", REFUSED.values(), ids=REFUSED)
def test_no_word_of_a_command_line_is_obeyed(results, words):
    done = on_a_terminal(results, *filled(results, words))
    done.check(shows=False)
    assert done.code in (1, 2)


PLUGIN = """
from typing import Literal
from ttc.policies import PolicyPart
from ttc.backends import BackendPart
from ttc.registry import register

@register
class P(PolicyPart):
    __doc__ = HOSTILE
    type: Literal["HOSTILE"] = HOSTILE

@register
class B(BackendPart):
    __doc__ = HOSTILE
    type: Literal["HOSTILE"] = HOSTILE
"""


@pytest.mark.parametrize(
    "words", [["list"], ["backends"], ["backends", "--json"], ["schema"], ["run", "x"]]
)
@pytest.mark.parametrize("fails", [False, True])
def test_no_word_of_a_plug_in_is_obeyed(tmp_path, words, fails):
    info = tmp_path / "harm-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: harm\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ttc.plugins]\nharm = harm\n")
    code = f"import sys, warnings\nHOSTILE = {HOSTILE!r}\n"
    code += "print(HOSTILE); print(HOSTILE, file=sys.stderr); warnings.warn(HOSTILE)\n"
    code += "raise ValueError(HOSTILE)\n" if fails else PLUGIN.replace('"HOSTILE"', "HOSTILE")
    (tmp_path / "harm.py").write_text(code)
    (tmp_path / "x.yaml").write_text("dataset: nano\nsampler: independent\npolicies: [x]\n")
    given = ["x.yaml" if word == "x" else word for word in words]
    done = on_a_terminal(tmp_path, *given, PYTHONPATH=str(tmp_path))
    done.check(2 if "run" in words else 0)  # one that fails to load is a warning


@pytest.mark.parametrize("layout", ["jsonl", "csv"])
def test_no_text_of_imported_samples_is_obeyed(tmp_path, layout):
    name = HOSTILE.replace("/", "|") + layout
    if layout == "jsonl":
        row = {"problem_id": HOSTILE, "question": HOSTILE, "answer": HOSTILE, HOSTILE: HOSTILE}
        rows = [{**row, "solutions": [HOSTILE, f"\\boxed{{{HOSTILE}}}"], "correct": [True, False]}]
        text = "\n".join(map(json.dumps, rows))
    else:
        text = f'problem_id,answer,text,"{HOSTILE}"\n"{HOSTILE}","{HOSTILE}","{HOSTILE}",1\n'
    source = tmp_path / f"{name}.{layout}"
    source.write_bytes(text.encode())
    done = on_a_terminal(tmp_path, "import", str(source), "--to", str(tmp_path / "to" / HOSTILE))
    done.check(shows=False)
    assert done.code in (0, 1, 2)


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["curves", "-h"], []])
def test_help_keeps_its_colours(tmp_path, words):
    done = on_a_terminal(tmp_path, *words)
    done.check(shows=False)
    assert "\x1b[1m" in done.text
    assert "\\x1b" not in done.text
