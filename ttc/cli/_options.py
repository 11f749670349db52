"""Options that several commands have, each described once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.redact import redact_urls

RESULTS = Path("results")


def _no_url(text: str | Path) -> Path:
    """A folder of this machine."""
    if isinstance(text, str) and "://" in text:
        raise typer.BadParameter(
            f"{redact_urls(text)} is no folder of this machine; name a run by its URL in place of "
            "its name, such as s3://bucket/results/RECIPE"
        )
    return Path(text)


Run = Annotated[
    str,
    typer.Argument(
        help="A run: its folder, its recipe's name, its id, or a URL of its folder.",
        autocompletion=complete.runs,
    ),
]
RunOrLatest = Annotated[
    str | None,
    typer.Argument(
        help="A run: its folder, its recipe's name or its id; else the latest.",
        autocompletion=complete.runs,
    ),
]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")]
AllowHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        help="A further name by which requests may call this server.",
        metavar="NAME",
    ),
]
Recipe = Annotated[
    str,
    typer.Argument(
        help="A recipe file, or the name of a shipped recipe.", autocompletion=complete.recipes
    ),
]
RecipeOverrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Override a key of the recipe.",
        metavar="KEY=VALUE",
        autocompletion=complete.overrides,
    ),
]
RunResults = Annotated[
    Path | None,
    typer.Option(
        "--results",
        help="Folder of all results (default: results).",
        parser=_no_url,
        metavar="PATH",
    ),
]
Results = Annotated[
    Path,
    typer.Option("--results", help="Folder of all results.", parser=_no_url, metavar="PATH"),
]
Ratio = Annotated[
    float | None,
    typer.Option("--lambda", min=0, help="Tokens per verification over tokens per solution."),
]
CostOverrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="A key of the recipe's cost section.", metavar="cost.KEY=VALUE"),
]
AnyVerifier = Annotated[
    str | None,
    typer.Option(
        "--verifier",
        help="Whose verifications (default: each one's).",
        autocompletion=complete.verifiers,
    ),
]
AnyUnit = Annotated[
    str | None,
    typer.Option(
        "--unit",
        help="Compute in tokens (default, prompts included), flops, usd, calls, seconds, or c.",
        autocompletion=complete.units,
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        help="Problems made together, by metadata; they are resampled together.",
        metavar="metadata.KEY",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
All = Annotated[bool, typer.Option("--all", help="All rows, not only the first and best ones.")]
LEVEL = 0.95
"""`ttc.analysis.intervals.LEVEL`, which would load numpy for a page of help."""
Level = Annotated[
    float, typer.Option("--level", min=0.5, max=0.999, help="Level of the intervals.")
]
Draws = Annotated[int, typer.Option("--draws", min=20, help="Bootstrap resamples of problems.")]
TuningProblems = Annotated[
    int | None, typer.Option("--problems", min=1, help="How many problems to tune on.")
]
TuningShare = Annotated[
    float, typer.Option("--share", min=0, max=1, help="Else this share of them.")
]
VerificationDraws = Annotated[
    str | None,
    typer.Option(
        "--verification-draws",
        help="Which V of a solution's verifications: random or first (default: the recipe's).",
    ),
]
InvalidVerdict = Annotated[
    str | None,
    typer.Option(
        "--invalid-verdict",
        help="An unreadable verdict in a mean: dropped, zero or half (default: the recipe's).",
    ),
]
AnalysisEngine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        help="Who evaluates policies: local (processes here), dask://HOST:PORT or ray://HOST:PORT "
        "(default: this process). Its machines must see the run's disk.",
    ),
]
AnalysisJobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Processes that evaluate policies (default: 1)."),
]
Width = Annotated[
    float | None, typer.Option("--width", help="Width of figures in inches.", metavar="INCHES")
]
Force = Annotated[bool, typer.Option("--force", help="Write over what is there.")]
Height = Annotated[
    float | None, typer.Option("--height", help="Height of figures in inches.", metavar="INCHES")
]
FontSize = Annotated[
    float | None,
    typer.Option("--font-size", help="Letters of figures, in points.", metavar="POINTS"),
]
Style = Annotated[
    str | None,
    typer.Option(
        "--style",
        help="Figures for paper, slides or in grey, or a matplotlib style or file; commas between.",
    ),
]


def scoring(draws: str | None, invalid: str | None) -> dict[str, str]:
    """What --verification-draws and --invalid-verdict say."""
    from ttc.analysis import settings
    from ttc.cli._values import one_of

    told = {}
    if draws is not None:
        known = settings.VerificationDraws
        told["verification_draws"] = one_of(draws, known, "--verification-draws")
    if invalid is not None:
        told["invalid_verdict"] = one_of(invalid, settings.InvalidVerdict, "--invalid-verdict")
    return told


def cost_overrides(overrides: Sequence[str] | None, ratio: float | None) -> tuple[str, ...]:
    """What --set and --lambda say of the cost section."""
    told = [] if ratio is None else [f"cost.lambda={ratio}"]
    return (*(overrides or ()), *told)


def recipe_overrides(
    overrides: Sequence[str] | None, results: Path | None, journal: Path | None = None
) -> list[str]:
    """What --set, --results and --journal say of a recipe."""
    paths = {"results": results, "engine.journal": journal}
    # Quoted, or a folder called `~` or `5` would be read as YAML.
    told = [
        f"{key}={json.dumps(str(path), ensure_ascii=False)}"
        for key, path in paths.items()
        if path is not None
    ]
    return [*(overrides or ()), *told]
