"""A recorded run served as if it were the model that made it: methods re-run at no cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from ttc.backends import BackendPart
from ttc.core import Capabilities
from ttc.named_files import NamesFile
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.backends.replay.client import ReplayBackend


@register
class Replay(BackendPart):
    """Serves the solutions and verifications of a run that was recorded before."""

    type: Literal["replay"] = "replay"
    run: Annotated[Path, NamesFile(folder=True, required=False)]
    """The folder of the recorded run, such as results/quickstart/s0-7eb1a1e7; or the one above it,
    where that has a single run."""
    serve: Literal["auto", "solutions", "verifications"] = "auto"
    """What a prompt gets; auto: a verification where it quotes a recorded solution."""
    verifier: str | None = None
    """Whose verifications to serve, where the run has several verifiers."""

    @property
    def offers(self) -> Capabilities:
        return Capabilities(
            chat=True, raw=True, max_n=4096, seed=True, logprobs=20, stop=True, deterministic=True
        )

    def open(self) -> ReplayBackend:
        from ttc.backends.replay.client import ReplayBackend
        from ttc.backends.replay.recording import Recording

        return ReplayBackend(self, Recording(self.run))
