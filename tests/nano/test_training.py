"""The training command from end to end, at a thousandth of its length."""

import json
from pathlib import Path

import pytest

from ttc.nano.families import Noise
from ttc.nano.noise import GRADER
from ttc.nano.prompts import VERDICT
from ttc.nano.tasks import generate


@pytest.mark.slow
def test_every_stage_runs_and_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from ttc.nano.training import __main__ as command
    from ttc.nano.training.__main__ import build
    from ttc.nano.training.judges import PLANS
    from ttc.nano.training.stages import STEPS

    out, work = tmp_path / "weights", tmp_path / "work"
    build(out, work, seed=5, scale=0.001)
    index = json.loads((out / "index.json").read_text())
    assert sorted(index) == sorted([*STEPS, *PLANS, "nano-repair"])
    card = (tmp_path / "MODEL_CARD.md").read_text()
    assert "arithmetic" in card
    assert all(entry["sha256"][:16] in card for entry in index.values())
    stamps = {path: path.stat().st_mtime_ns for path in work.iterdir()}
    monkeypatch.setattr(command, "write_card", lambda *_: None)
    build(out, work, seed=5, scale=0.001)
    assert {path: path.stat().st_mtime_ns for path in work.iterdir()} == stamps
    assert json.loads((out / "index.json").read_text()) == index


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from ttc.nano.config import NetConfig
    from ttc.nano.tokenizer import VOCABULARY
    from ttc.nano.training import loop
    from ttc.nano.training.data import demonstration
    from ttc.nano.training.network import Network

    config = NetConfig(vocab=len(VOCABULARY), width=16, layers=1, heads=1, head_dim=8, hidden=16)

    def train(name: str, stop: int | None = None) -> Network:
        def source(i: int) -> object:
            return demonstration(0, i % 64)

        def objective(net: Network, batch: object) -> object:
            seen.append(1)
            if stop is not None and len(seen) > stop:
                raise KeyboardInterrupt
            return loop.language(net, batch)

        seen: list[int] = []
        return loop.train(Network(config), source, 4, tmp_path / name, 0, objective=objective)

    whole = train("whole.pt")
    loop.CHECKPOINT_S, before = 0.0, loop.CHECKPOINT_S
    with pytest.raises(KeyboardInterrupt):
        train("cut.pt", stop=2)
    loop.CHECKPOINT_S = before
    resumed = train("cut.pt")
    for name in config.shapes():
        assert torch.equal(whole.w(name), resumed.w(name))


def test_a_grader_without_noise_is_always_right() -> None:
    pytest.importorskip("torch")
    import random

    from ttc.nano.training.reviews import is_correct, review

    rng = random.Random(0)
    for i in range(100):
        problem = generate(("arithmetic", "modular", "order")[i % 3], 1 + i % 5, 0, i)
        text = review(problem, problem.solution, Noise(), rng)
        assert text.endswith(f"{VERDICT} Yes")
        assert text.count(" ok\n") == len(problem.steps)
        wrong = problem.solution.replace("answer is ", "answer is 1")
        assert not is_correct(problem, wrong)
        assert review(problem, wrong, Noise(), rng).endswith("No")
        for strange in ("", "nonsense", "\n\n", problem.solution + "\nmore", "1+1=\n2"):
            assert review(problem, strange, GRADER, rng).endswith(("Yes", "No"))
