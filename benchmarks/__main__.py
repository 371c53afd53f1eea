"""Runs every benchmark, each in a process of its own: `make bench`, or `python -m benchmarks NAME ...` for some."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
_RUNS = '__name__ == "__main__"'


def scripts() -> list[str]:
    """Return the modules that can be run, one per figure or folder of figures."""
    found = []
    for folder in sorted(path for path in HERE.iterdir() if path.is_dir()):
        if (folder / "__main__.py").is_file():
            found.append(f"benchmarks.{folder.name}")
            continue
        runnable = (path for path in sorted(folder.glob("*.py")) if _RUNS in path.read_text(encoding="utf-8"))
        found.extend(f"benchmarks.{folder.name}.{path.stem}" for path in runnable)
    return found


def main() -> int:
    """Run what was named, or everything, and return how many failed."""
    wanted = sys.argv[1:]
    chosen = [name for name in scripts() if not wanted or any(word in name for word in wanted)]
    failed = 0
    for name in chosen:
        print(f"== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", name], cwd=HERE.parent, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
