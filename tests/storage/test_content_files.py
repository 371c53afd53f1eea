"""The file store: all or nothing, whatever happens during a write; the port's promises are in tests/contracts."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from counterpoint.content import EMPTY_VERSION, Item
from counterpoint.errors import DependencyFailure
from counterpoint.storage.content import FileContentStore

ONE = Item(id="track:1", kind="track", title="One", embedding=(0.5, -0.25), space="a", markets=("SE",))
TALK = Item(id="podcast:1", kind="podcast", title="Talk\nwith a line break", explicit=False)


def test_a_kind_that_is_gone_is_gone_and_old_files_do_not_pile_up(tmp_path):
    store = FileContentStore(tmp_path)
    version = store.write([ONE, TALK], expected=EMPTY_VERSION)
    for n in range(5):
        version = store.write([Item(id="track:1", kind="track", title=f"take {n}")], expected=version)
    assert [item.kind for item in store.read().items] == ["track"]
    assert len(list(tmp_path.glob("*.jsonl"))) == 2


@pytest.mark.parametrize("damage", ["manifest", "cut", "removed"])
def test_a_damaged_folder_is_an_error_and_never_a_smaller_catalogue(tmp_path, damage):
    store = FileContentStore(tmp_path)
    store.write([ONE, TALK], expected=EMPTY_VERSION)
    (track,) = tmp_path.glob("track-*.jsonl")
    if damage == "manifest":
        (tmp_path / "manifest.json").write_text("{")
    elif damage == "cut":
        track.write_bytes(b"")
    else:
        track.unlink()
    with pytest.raises(DependencyFailure) as caught:
        store.read()
    assert caught.value.code == "content_unreadable"


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DependencyFailure, match="unchanged") as caught:
        FileContentStore(tmp_path / "file").write([ONE], expected=EMPTY_VERSION)
    assert caught.value.code == "content_not_written"


def test_a_writer_killed_at_any_moment_leaves_a_whole_catalogue(tmp_path):
    store = FileContentStore(tmp_path)
    store.write([ONE], expected=EMPTY_VERSION)
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from counterpoint.content import Item
        from counterpoint.storage.content import FileContentStore
        store = FileContentStore(Path(sys.argv[1]))
        version = store.version()
        for n in range(10**6):
            items = [Item(id=f"track:{k}", kind="track", title=f"take {n}") for k in range(200 + n % 3)]
            version = store.write(items, expected=version)
            print(n, flush=True)
    """)
    for delay_s in (0.0, 0.003, 0.011):
        writer = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None and writer.stdout.readline()
        time.sleep(delay_s)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        items = store.read().items
        assert len(items) in (200, 201, 202) and len({item.title for item in items}) == 1
    # The next writer is not held up by the dead one's lock.
    store.write([ONE], expected=store.version())
    assert store.read().items == (ONE,)
