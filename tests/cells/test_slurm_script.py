"""The scripts for sbatch: what they say, and that shells read them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.cells.engines.slurm_script import AtLast, Script, _ranges, read_options
from ttc.errors import UsageError

SHELLCHECK = Path(sys.executable).with_name("shellcheck")
ODD = Path("/tmp/it costs $5 `a` #1 100%")


def script(folder=Path("/disk/results/slurm/a"), options="partition=gpu,time=2:00:00"):
    return Script("ttc-a", folder, folder.parent, read_options(options))


def test_what_an_array_asks_for():
    text = script().array([1, 2, 3, 7], at_a_time=2)
    head = [line for line in text.splitlines() if line.startswith("#SBATCH")]
    assert head == [
        "#SBATCH --job-name=ttc-a",
        "#SBATCH --array=1-3,7%2",
        '#SBATCH --output="/disk/results/slurm/a/logs/%A_%a.log"',
        "#SBATCH --requeue",
        "#SBATCH --signal=B:INT@60",
        "#SBATCH --open-mode=append",
        "#SBATCH --partition=gpu",
        "#SBATCH --time=2:00:00",
    ]
    assert text.splitlines()[-1].startswith(f"exec {sys.executable} -m ttc.cells.listed ")


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (script().array([1]), "style"),
        (script().array(range(1, 1001), before=2000, at_a_time=8), "style"),
        (script().last(AtLast(["merge", "results/my run/s0-1"])), "style"),
        (script().last(AtLast(["merge", "a b"], ["run", "my recipe"], (0, 4))), "style"),
        # "Dollars don't expand in single quotes" is what is meant.
        (script(ODD).array([1, 2]), "warning"),
        (script(ODD).last(AtLast(["merge", "it's", "$(rm -rf /)"])), "warning"),
        (script(ODD).last(AtLast(["merge"], ["run", "it's", "$(rm -rf /)"])), "warning"),
    ],
)
def test_shells_and_a_shell_checker_have_nothing_to_say(tmp_path, text, severity):
    path = tmp_path / "a.sh"
    path.write_text(text)
    checks = [["bash", "-n", str(path)]]
    if found := shutil.which(SHELLCHECK) or shutil.which("shellcheck"):
        checks.append([found, f"--severity={severity}", "--enable=all", str(path)])
    for check in checks:
        done = subprocess.run(check, capture_output=True, text=True)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_odd_words_reach_the_program_as_they_are(tmp_path):
    echo = "import sys; print(sys.argv[1:])"
    text = script(tmp_path).last(AtLast(["merge", "it's", "$(rm -rf /)", "a b"]))
    text = text.replace(f"{sys.executable} -m ttc", f"{sys.executable} -c '{echo}'")
    (tmp_path / "a.sh").write_text(text)
    said = subprocess.run(["bash", tmp_path / "a.sh"], capture_output=True, text=True, check=True)
    assert said.stdout == "['merge', \"it's\", '$(rm -rf /)', 'a b']\n"


@pytest.mark.parametrize(("code", "follows"), [(0, True), (4, True), (1, False), (130, False)])
def test_what_follows_the_last_command_depends_on_how_that_ended(tmp_path, code, follows):
    echo = f"import sys; print(sys.argv[1:]); sys.exit({code} if sys.argv[1] == 'merge' else 7)"
    text = script(tmp_path).last(AtLast(["merge", "a b"], ["run", "$(id) `id`"], (0, 4)))
    text = text.replace(f"{sys.executable} -m ttc", f'{sys.executable} -c "{echo}"')
    (tmp_path / "a.sh").write_text(text)
    done = subprocess.run(["bash", tmp_path / "a.sh"], capture_output=True, text=True)
    then = ["+ ttc run '$(id) `id`'", "['run', '$(id) `id`']"] if follows else []
    assert done.stdout.splitlines() == ["['merge', 'a b']", *then]
    assert done.returncode == (7 if follows else code)


def test_options_in_a_line():
    assert read_options("mail-type=END,FAIL,mem=8G") == (("mail-type", "END,FAIL"), ("mem", "8G"))
    assert read_options("gres=gpu:a100:2,exclusive,time=1-00:00:00") == (
        ("gres", "gpu:a100:2"),
        ("exclusive", ""),
        ("time", "1-00:00:00"),
    )
    assert read_options("") == ()


def test_options_in_a_file(tmp_path):
    path = tmp_path / "cluster.slurm"
    path.write_text("# ours\npartition=gpu   # the big one\n--account = lab\n\nexclusive\n")
    assert read_options(f"@{path}") == (("partition", "gpu"), ("account", "lab"), ("exclusive", ""))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Partition=gpu", "no option of sbatch"),
        ("comment=a b", "no option of sbatch"),
        ("comment=$(id)", "no option of sbatch"),
        ("comment=a\n#SBATCH --uid=0", "no option of sbatch"),
        ("array=1-9", "is for ttc to set"),
        ("wrap=id", "is for ttc to set"),
        ("@nowhere.slurm", "No such file"),
    ],
)
def test_what_is_no_option_is_refused(text, said):
    with pytest.raises(UsageError, match=said):
        read_options(text)


def test_a_folder_that_slurm_could_not_write_logs_in_is_refused():
    with pytest.raises(UsageError, match="quotes"):
        script(Path('/tmp/a"b')).array([1])


@given(st.sets(st.integers(1, 60), min_size=1))
def test_ranges_name_each_task_once(numbers):
    named: list[int] = []
    for part in _ranges(sorted(numbers)).split(","):
        first, _, last = part.partition("-")
        named += range(int(first), int(last or first) + 1)
    assert named == sorted(numbers)
