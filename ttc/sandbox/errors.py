"""What can go wrong with a sandbox; what goes wrong in a program is its result, not an error."""

from ttc.errors import TtcError


class SandboxError(TtcError):
    """The sandbox could not be set up, or broke; the program did not run, or its end is unknown."""


class NoIsolation(SandboxError):
    """The isolation asked for can't be had on this machine; the message says what would help."""
