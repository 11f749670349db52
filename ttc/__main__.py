"""`python -m ttc`, the same as `ttc`."""

from ttc.cli import main

if __name__ == "__main__":  # who starts processes imports this again in each
    main()
