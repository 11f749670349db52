"""Which engine settings may change while a run goes on, and why others may not."""

from __future__ import annotations

FIXED = {
    "n_per_call": "it cuts requests into calls, which decides what a budget admits, so a run cuts "
    "them alike from its beginning to its end",
    "retry_failed": "it would hold for the problems that are still to come and not for those that "
    "are done; `retry PROBLEM` asks for one problem's failed samples again",
    "isolation": "programs are shut in from the run's beginning in the way that was found then",
    "journal": "it is open from the try's beginning to its end",
    "fingerprint": "it is decided when the run's models are opened",
}
"""Settings that hold for a whole try, each with the reason."""
LIVE = (
    *("concurrency", "requests_per_minute", "tokens_per_minute", "problems_in_flight"),
    *("timeout_s", "max_attempts", "max_wait_s", "max_total_s", "finish_s"),
    *("breaker_failures", "max_outage_s", "give_up"),
)
"""Settings that are read whenever they are used: they change a run's speed and its patience, and
never which samples there are.
"""
