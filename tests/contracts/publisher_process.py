"""A process that publishes one rule after the other, beginning again whenever somebody else was faster."""

import sys

from counterpoint.config import BaselineRule
from counterpoint.errors import Conflict
from counterpoint.releases import SetRules, publish
from counterpoint.storage.sql import SqlReleaseStore, open_database
from experiment_examples import KEY, NOW, attested, change_of


def main(url: str, name: str, n: int) -> None:
    database = open_database(url)
    store = SqlReleaseStore(database)
    place = 0
    while place < n:
        live = store.latest("home")
        rule = BaselineRule(key=f"{name}-{place}", audience="true", set={"a.x": place})
        try:
            # Prepared on what was read, and on nothing later: that is what compare-and-swap protects.
            operation = SetRules(rules=(*live.state.rules, rule))
            change = change_of(live, operation, change_id=f"{name}-{place}", author=name)
            publish(change, attested(change), store=store, now=NOW, actor=name, key=KEY)
        except Conflict as error:
            if error.code != "stale_base":
                raise
            continue
        place += 1
    database.close()


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
