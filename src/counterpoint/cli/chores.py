"""What a running process does again and again beside its work."""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from counterpoint.errors import CounterpointError
from counterpoint.telemetry import logger

Chore: TypeAlias = tuple[Callable[[], object], float]
"""What is done again and again in a thread, and how many seconds lie between."""


async def repeat(chore: Callable[[], object], every_s: float) -> None:
    """Do a chore again and again: what goes wrong once must not be the last time it was tried."""
    while True:
        try:
            await asyncio.to_thread(chore)
        except CounterpointError as error:
            logger("server").warning("chore failed", extra={"problem": error.as_document()})
        except Exception:
            # The boundary of the chore's task: nobody awaits it, so an error that ended it would be heard by no one.
            logger("server").exception("chore failed unexpectedly")
        await asyncio.sleep(every_s)
