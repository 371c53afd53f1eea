"""The first start: whoever comes first makes the installation, whoever comes at the same moment finds it made."""

import subprocess
import sys
from pathlib import Path


def test_processes_that_start_at_once_on_an_empty_folder_all_succeed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; from counterpoint.cli import main; sys.exit(main())"]
    words = ["--data", str(tmp_path / "data"), "experiments"]
    running = [subprocess.Popen([*command, *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=100)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
