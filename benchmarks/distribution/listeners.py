"""The following side: connected followers in one process, each of which says when it began to serve a release."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from random import Random

import httpx

from counterpoint.storage.snapshots import LastGood, follow


def main() -> None:
    url, n = sys.argv[1], int(sys.argv[2])
    asyncio.run(_listen(url, n))


async def _listen(url: str, n: int) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(n):
            group.create_task(_follow(url, number))


async def _follow(url: str, number: int) -> None:
    good = LastGood()

    def arrived() -> None:
        at = time.time()
        sys.stdout.write(
            json.dumps({"release": good.live("home").release, "at": at, "cpu_s": time.process_time()}) + "\n"
        )
        sys.stdout.flush()

    good.watch(arrived)
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        await follow(client, good, clock=lambda: datetime.now(UTC), chance=Random(number))


if __name__ == "__main__":
    main()
