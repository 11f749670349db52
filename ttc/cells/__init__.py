"""Cells: pieces of work that are done by the same command wherever they run."""
