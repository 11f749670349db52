"""One rule for all commands: a file that a person named is replaced with --force only, and what is
to be a folder is not called like a file.
"""

import pytest
from processes import ttc

from ttc.analysis.simulate import SimulationConfig
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=6, solutions=4, verified_solutions=4, verifications=2)

FILES = {
    "x.html": ("report", "sim", "--out", "x.html"),
    "x.svg": ("curves", "sim", "--plot", "x.svg"),
    "y.data.csv": ("curves", "sim", "--plot", "y.png"),
    "x.csv": ("export", "sim", "--to", "x.csv"),
    "z.data.csv": ("export", "sim", "--to", "z.pdf"),
    "x.zip": ("pool", "pack", "sim", "--license", "MIT", "--to", "x.zip"),
    "x.yaml": ("init", "x.yaml"),
    "x.jsonl": ("label", "sim", "--out", "x.jsonl"),
    "x.json": ("train-router", "sim", "--out", "x.json"),
}
FOLDERS = {
    "fit-scaling": ("fit-scaling", "sim", "--out"),
    "compare": ("compare", "sim", "--out"),
    "adapt": ("adapt", "sim", "--out"),
    "eval-verifier": ("eval-verifier", "sim", "--out"),
    "simulate": ("simulate", "--to"),
    "import": ("import", "none.jsonl", "--to"),
    "pool add": ("pool", "add", "none.pool.zip", "--to"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("own")
    simulate_run(CONFIG, 0, place / "results" / "sim")
    return place


@pytest.mark.parametrize("name", FILES)
def test_ones_own_file_stays_as_it_is(folder, name):
    own = folder / name
    own.write_text("my own")
    done = ttc(folder, *FILES[name])
    assert own.read_text() == "my own"
    assert done.returncode == 2
    assert f"Error: {name} exists; choose another name, or --force" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.csv", "x.yaml"])
def test_with_force_it_is_replaced(folder, name):
    (folder / name).write_text("my own")
    done = ttc(folder, *FILES[name], "--force")
    assert done.returncode == 0, done.stderr
    assert (folder / name).read_text() != "my own"


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.csv", "x.yaml"])
def test_a_folder_is_no_file(folder, name):
    words = [word.replace("x.", "folder.") for word in FILES[name]]
    (folder / f"folder.{name[2:]}").mkdir(exist_ok=True)
    done = ttc(folder, *words, "--force")
    assert done.returncode == 2
    assert "is a folder; name a file" in done.stderr


@pytest.mark.parametrize("name", FOLDERS)
def test_what_is_a_folder_is_not_called_like_a_file(folder, name):
    done = ttc(folder, *FOLDERS[name], "new.html")
    assert done.returncode == 2
    assert "names a folder; " in done.stderr
    assert not (folder / "new.html").exists()


@pytest.mark.slow
def test_an_analysis_replaces_its_own_results(folder):
    for _ in range(2):
        done = ttc(folder, "compare", "sim", "--at-samples", 2, "--out", "comparison")
        assert done.returncode == 0, done.stderr
