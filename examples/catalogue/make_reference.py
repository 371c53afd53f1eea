"""Makes the small catalogue that ships with Counterpoint from the full tables it was taken from.

    python examples/catalogue/make_reference.py SOURCE TARGET

SOURCE is a folder with fma_tracks.parquet, fma_audio_features.parquet, fma_genres.csv and podcasts.parquet; TARGET is
src/counterpoint/bootstrap/reference/catalogue. Files keep the columns of their source, so that the same importer loads
them; NOTICE says whose they are.
"""

import argparse
import re
import shutil
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from xxhash import xxh64_intdigest

N_TRACKS = 1500
# The archive grew unevenly. Ending here leaves many tracks in the last 28 days, so that "new releases" has something.
LAST = datetime(2011, 1, 1)  # noqa: DTZ001  the column is naive UTC
NEW = datetime(2010, 10, 3)  # noqa: DTZ001
# Stems anywhere in a title or tag; a whole word where the stem would hit innocent ones. Rather too many than too few:
# the tracks are the first thing that a newcomer sees.
# Names of peoples and faiths stand here because a title may not be kind to them, which no list can tell.
STEMS = """
    fuck shit bitch cunt nigg pussy whore slut cock dick fag porn sex rape nazi hitler murder kill suicid bastard
    orgasm penis vagina nude naked tits boob crap piss damn drug cocain heroin meth junk weed dope stoned drunk booze
    vomit puke blood corpse dead death devil satan demon hate terror bomb gun holocaust slave retard cripple homo gay
    lesb jesus christ allah muslim jew black white trash freak pimp hoe thug gangst hell crack pedo incest abort cancer
    stab panti sensual pleasure stupid asesin loser hustler jail idiot kinky erotic sperm muff
""".split()  # noqa: SIM905  a hundred quoted words would be less readable than a paragraph
WORDS = {"ass", "die", "god", "wtf", "hoes", "xxx", "shoot", "shot", "war", "pill", "pills", "acid", "lsd", "bra"}
READABLE = re.compile(r"[A-Za-z][A-Za-z0-9 ,.'!?&-]{2,47}")


def is_fit_to_show(title: str, tags: list[str]) -> bool:
    """Return whether nothing in the title or the tags could offend, and the title is readable English letters."""
    words = " ".join([title, *tags]).casefold()
    if READABLE.fullmatch(title) is None or any(stem in words for stem in STEMS):
        return False
    return WORDS.isdisjoint(re.findall(r"[a-z]+", words))


def main() -> None:
    """Write the shipped tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    args = parser.parse_args()
    tracks = pq.read_table(args.source / "fma_tracks.parquet")
    features = pq.read_table(args.source / "fma_audio_features.parquet")
    described = set(features["track_id"].to_pylist())
    fit = [
        row
        for row in tracks.select(["track_id", "title", "tags", "language_code", "date_created"]).to_pylist()
        if row["track_id"] in described
        and row["date_created"] <= LAST
        and row["language_code"] in (None, "en")
        and is_fit_to_show(row["title"], row["tags"] or [])
    ]
    # New ones first, then in the order of a hash: a sample without a preference that anyone can draw again.
    fit.sort(key=lambda row: (row["date_created"] < NEW, xxh64_intdigest(str(row["track_id"]).encode())))
    titles: dict[str, int] = {}
    for row in fit:
        titles.setdefault(row["title"].casefold(), row["track_id"])
    chosen = pa.array(sorted(list(titles.values())[:N_TRACKS]), pa.int64())
    args.target.mkdir(parents=True, exist_ok=True)
    for name, table in (("fma_tracks", tracks), ("fma_audio_features", features)):
        small = table.filter(pc.is_in(table["track_id"], value_set=chosen)).replace_schema_metadata(None)
        pq.write_table(small, args.target / f"{name}.parquet", compression="zstd", compression_level=19)
    podcasts = pq.read_table(args.source / "podcasts.parquet").replace_schema_metadata(None)
    pq.write_table(podcasts, args.target / "podcasts.parquet", compression="zstd", compression_level=19)
    shutil.copyfile(args.source / "fma_genres.csv", args.target / "fma_genres.csv")
    # A script prints.
    print(f"{len(chosen)} tracks of {len(titles)} fit to show, {podcasts.num_rows} podcasts")  # noqa: T201


if __name__ == "__main__":
    main()
