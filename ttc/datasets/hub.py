"""Problems from any dataset of the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from ttc.core import Problem
from ttc.datasets.reading.hub import hub_rows
from ttc.datasets.reading.mapped import MappedDataset
from ttc.registry import register


@register
class HubDataset(MappedDataset):
    """Problems from a Hugging Face dataset by its id, with columns of any name."""

    extra: ClassVar[str | None] = "hub"

    type: Literal["hub"] = "hub"
    id: str = Field(min_length=1)
    """The dataset, e.g. openai/gsm8k, or a local folder in the hub's layout."""
    config: str | None = None
    """Its configuration, where it has several."""
    split: str = "test"
    """Its split."""
    revision: str | None = None
    """A commit, tag or branch; name a commit for runs that can be repeated exactly."""

    def load(self) -> Sequence[Problem]:
        columns = self.columns
        self._notes.clear()
        rows = hub_rows(
            self.id, self.config, self.split, self.revision, columns.needed, self._notes
        )
        name = self.id.rstrip("/").rpartition("/")[2]
        return self._problems(rows, name, f"{self.id} ({self.split})")
