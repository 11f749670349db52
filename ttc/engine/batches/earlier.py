"""Finds again at the provider what an earlier try of the run has submitted."""

from __future__ import annotations

import asyncio
import logging

from ttc.core.batches import Batch
from ttc.engine.batches.records import Records, Submitted
from ttc.engine.batches.sending import Sender
from ttc.errors import BackendError
from ttc.words import counted

log = logging.getLogger(__name__)
_NO_LIST = (404, 405)  # what a provider says that lists no batches


class NobodyKnows(Exception):
    """Whether a batch was submitted: the provider lists none."""


async def found_again(
    batch: Submitted, calls: int, sender: Sender, records: Records
) -> Batch | None:
    """The batch at the provider; None where it was never submitted, and then nor is it recorded.

    calls: how many it has. Raises `NobodyKnows`, after which it is not recorded either, and
    `BackendError`.
    """
    try:
        stands = await _standing(batch, sender, records)
    except BackendError as error:
        if error.refused not in _NO_LIST:
            raise
        log.warning(
            "a batch of %s may have been submitted when a try was killed, and the provider "
            "lists none: it is charged at its worst case",
            counted(calls, "call"),
        )
        await asyncio.to_thread(records.drop, batch.token)
        raise NobodyKnows from None
    if stands is None:
        await asyncio.to_thread(records.drop, batch.token)
    return stands


async def _standing(batch: Submitted, sender: Sender, records: Records) -> Batch | None:
    if batch.state == "intended":
        return None
    if batch.state == "standing":
        return Batch(
            batch.id,
            batch.status,
            total=batch.total,
            done=batch.done,
            failed=batch.failed,
            expires=batch.expires,
        )
    found = await sender.find(batch.token, batch.file, batch.submitted)
    if found is not None:
        await asyncio.to_thread(records.stands, batch.token, found)
    return found
