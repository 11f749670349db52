"""URLs in place of runs, results and pools, on the command line."""

from __future__ import annotations

import pytest
from processes import ttc

pytest.importorskip("fsspec")
SMALL = (
    *("run", "quickstart", "--set", "dataset.problems=4", "--set", "sampler.solutions=2"),
    *("--set", "verifiers=[]", "--set", "policies=[majority]"),
)


@pytest.mark.slow
def test_a_run_and_a_pool_go_to_a_url_and_are_read_there(tmp_path):
    env = {"TTC_CACHE": str(tmp_path / "cache")}
    base, pool = f"file://{tmp_path}/there", f"file://{tmp_path}/pools/a.pool.zip"

    def said(*words):
        done = ttc(tmp_path, *words, **env)
        assert done.returncode == 0, done.stderr
        return done

    assert f"Put to {base}/quickstart/s0-" in said(*SMALL, "--results", base, "--quiet").stderr
    assert (tmp_path / "results/journal.sqlite").is_file(), "the journal stays"
    assert not list((tmp_path / "there").rglob("journal*"))
    there, here = said("show", base, "--json").stdout, said("show", "quickstart", "--json").stdout
    assert '"run": "quickstart/s0-' in there
    assert here.splitlines()[1] == there.splitlines()[1]
    said("compare", base, f"{base}/quickstart", "--json")
    said("report", base, "--out", "report.html")
    said("pool", "pack", base, "--license", "MIT", "--to", pool)
    assert "licence: MIT" in said("pool", "show", pool).stdout
    assert "Added results/theirs/" in said("pool", "add", pool, "--to", "results/theirs").stdout
    again = ttc(tmp_path, "pool", "pack", base, "--license", "MIT", "--to", pool, **env)
    assert again.returncode == 2
    assert "exists" in again.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "quickstart", "--results", "s3://k:secret99@b"), "no folder of this machine"),
        ((*SMALL, "--results", "nonsense://b"), "can't write to nonsense://b"),
        ((*SMALL, "--results", "memory://b", "--shard", "1/2"), "a URL takes whole runs"),
        (("show", "nonsense://k:secret99@b"), "can't read nonsense://[hidden]@b"),
        (("show", "s3://b", "--results", "memory://b"), "no folder of this machine"),
    ],
)
def test_what_can_not_be_is_told_in_a_sentence_without_keys(tmp_path, words, said):
    done = ttc(tmp_path, *words)
    told = " ".join((done.stdout + done.stderr).replace("│", " ").split())
    assert done.returncode in (1, 2)
    assert said in told
    assert "secret99" not in told
    assert not (tmp_path / "results").exists(), "nothing was run"
