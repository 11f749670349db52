"""A simulated pool as a run with curves, from a parameter file and options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from ttc.analysis.simulate import SimulationConfig
from ttc.budget.cost import CostConfig
from ttc.core import ModelIdentity
from ttc.errors import UsageError
from ttc.pipeline.evaluate import write_curves
from ttc.recipe.sections import read_sections
from ttc.store.run_folder import RunFolder
from ttc.store.simulated import simulate_run
from ttc.yamltext import read_source


class Simulation(SimulationConfig):
    """A parameter file of `ttc simulate`: what is drawn, from which seed, and how it is costed."""

    seed: int = Field(default=0, ge=0, lt=2**63)
    """Everything random follows from it."""
    cost: CostConfig = Field(default_factory=CostConfig)
    """How tokens become FLOPs and money: a recipe's section."""

    def truth(self) -> SimulationConfig:
        """The parameters of the generative model alone."""
        return SimulationConfig.model_validate(self.model_dump(exclude={"seed", "cost"}))


def read_simulation(file: Path | None, overrides: Sequence[str]) -> Simulation:
    """Parameters of a YAML file, if there is one, and of `key=value` overrides.

    Raises `RecipeError` with all that is wrong, and `UsageError` for what is no such file.
    """
    if file is None:
        return read_sections(Simulation, overrides)
    if not file.is_file():
        raise UsageError(f"{file}: no such parameter file")
    source = read_source(file, str(file))
    if not isinstance(source.data, dict):
        raise UsageError(f"{file}: a parameter file is a mapping, such as `problems: 64`")
    return read_sections(Simulation, overrides, source=source)


def simulate_to(simulation: Simulation, destination: Path) -> RunFolder:
    """Draw and write the run, evaluate all policies and write the curves.

    As with imported runs, the cost model is kept in the manifest and no part of the run's id.
    Raises `DataError` where it can't be written, `UsageError` where it does not fit into memory.
    """
    config = simulation.truth()
    # What can't be counted is refused first.
    simulation.cost.rates(ModelIdentity("simulated", "ttc.analysis.simulate"))
    try:
        run = simulate_run(config, simulation.seed, destination)
    except MemoryError:
        raise UsageError(
            f"{config.problems:,} problems with {config.solutions:,} solutions each and "
            f"{config.verifications:,} verifications of {config.verified_solutions:,} of them do "
            "not fit into memory"
        ) from None
    manifest = run.manifest()
    manifest.recipe["cost"] = simulation.cost.model_dump(mode="json", by_alias=True)
    write_curves(None, run, manifest).note(manifest)
    manifest.write(run.manifest_path)
    return run
