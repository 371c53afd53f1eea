"""A process that publishes one rule after the other, beginning again whenever somebody else was faster."""

import sys

from counterpoint.config import BaselineRule
from counterpoint.errors import Conflict
from counterpoint.releases import SetRules
from counterpoint.storage.sql import SqlReleaseStore, open_database
from experiment_examples import published


def main(url: str, name: str, n: int) -> None:
    database = open_database(url)
    store = SqlReleaseStore(database)
    place = 0
    while place < n:
        live = store.latest("home")
        rule = BaselineRule(key=f"{name}-{place}", audience="true", set={"a.x": place})
        try:
            published(store, SetRules(rules=(*live.state.rules, rule)), change_id=f"{name}-{place}", author=name)
        except Conflict as error:
            if error.code != "stale_base":
                raise
            continue
        place += 1
    database.close()


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
