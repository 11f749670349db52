"""Model access, one file per kind. A config opens a `Backend`; it knows no experiment."""

from typing import ClassVar

from ttc.core import Backend, Capabilities
from ttc.registry import Kind, Part


class BackendPart(Part):
    """Base of backend configs. Keys and passwords come from the environment, never from here."""

    kind: ClassVar[Kind] = "backend"
    incidental: ClassVar[frozenset[str]] = frozenset()
    """Fields that change how the model is reached, not what it answers: no part of a run's id."""
    addresses: ClassVar[frozenset[str]] = frozenset()
    """Fields that say where the model is; where `served_as` names it, they are incidental too."""
    loads_weights: ClassVar[bool] = False
    """Whether it reads gigabytes to say what the model is, which a forecast does without."""

    @property
    def offers(self) -> Capabilities:
        """What the backend will offer at most, told without opening it."""
        raise NotImplementedError

    def open(self) -> Backend:
        """Make the backend without reaching out yet. Raises `MissingExtra`, `BackendError`."""
        raise NotImplementedError
