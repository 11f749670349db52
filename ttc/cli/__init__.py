"""The command line: one file per command; each parses, calls and prints."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from typing import NoReturn, TextIO, cast

_TRACEBACK = "TTC_TRACEBACK"


def main() -> NoReturn:
    """Run the command line; a `TtcError` becomes one message and its exit code, no traceback.

    Whatever is printed passes a gate that hides keys and takes its power from foreign text.
    """
    from ttc.terminal import Gate

    sys.stdout = cast(TextIO, Gate(sys.stdout))
    sys.stderr = cast(TextIO, Gate(sys.stderr))
    try:
        code = _run()
    except BrokenPipeError:
        # The reader of our output (head, less) went away: no more to say, and no traceback.
        code = 141
    finally:  # Typer leaves by SystemExit
        _drop_undelivered()
    sys.exit(code)


def _drop_undelivered() -> None:
    """Let nobody's absence be the interpreter's last word.

    What a stream still holds for a reader that went away would fail once more when Python ends, and
    turn any exit code into 120.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)


def _run() -> int:
    from ttc.errors import PluginError, TtcError
    from ttc.terminal import say

    try:
        from ttc.cli._app import app
        from ttc.cli._complete import join_words

        join_words(os.environ)
        app()
    except TtcError as error:
        if isinstance(error, PluginError):
            _traceback(error)
        say(f"Error: {error}", error=True)
        return error.exit_code
    except KeyboardInterrupt:  # while the commands are still being imported
        say("Interrupted.", error=True)
        return 130
    except BrokenPipeError:
        raise
    except BaseException as error:  # a bug of ours; its place is wanted, a page of it seldom
        from ttc.plugins import blamed, failure

        if plugin := blamed(error):
            _traceback(error)
            say(f"Error: {failure(error, plugin)}", error=True)
            return 1
        if not isinstance(error, Exception):
            raise  # Typer leaves by SystemExit
        _say_unexpected(error)
        return 1
    return 0


def _traceback(error: BaseException) -> None:
    from ttc.terminal import say

    if os.environ.get(_TRACEBACK):
        say("".join(traceback.format_exception(error)), error=True, end="")


def _say_unexpected(error: Exception) -> None:
    from ttc.terminal import say

    _traceback(error)
    text = " ".join(f"{type(error).__name__}: {error}".split())
    say(
        f"Error: {text}; this is a fault of ttc's: please report it with what "
        f"{_TRACEBACK}=1 in the environment adds",
        error=True,
    )
