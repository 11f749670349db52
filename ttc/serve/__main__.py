"""`python -m ttc.serve`: the server without the command line around it."""

from __future__ import annotations

import argparse
import sys

from ttc.errors import TtcError
from ttc.serve import serve
from ttc.terminal import say


def main() -> int:
    parser = argparse.ArgumentParser("python -m ttc.serve", description=serve.__doc__)
    parser.add_argument("models", nargs="*", default=["nano"])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--api-key-env")
    parser.add_argument("--allow-host", action="append", default=[])
    args = parser.parse_args()
    try:
        serve(
            args.models,
            args.host,
            args.port,
            api_key_env=args.api_key_env,
            allow_hosts=args.allow_host,
        )
    except TtcError as problem:
        say(str(problem), error=True)
        return problem.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
