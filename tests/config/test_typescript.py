"""The exported accessors compile under a real TypeScript compiler, which refuses code that disagrees with them."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from counterpoint.config import load_surface, typescript_accessors

SURFACES = sorted((Path(__file__).parents[2]).glob("examples/*/surface.yaml"))
SURFACES += [Path(__file__).parents[2] / "src" / "counterpoint" / "bootstrap" / "reference" / "surface.yaml"]
PACKAGE = "typescript@5"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tsc():
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    folder = Path(tempfile.gettempdir()) / "counterpoint-typescript"
    compiler = folder / "node_modules" / ".bin" / "tsc"
    if not compiler.exists():
        folder.mkdir(exist_ok=True)
        words = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--silent", PACKAGE]
        try:
            done = subprocess.run(words, capture_output=True, timeout=120, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("npm does not answer")
        if done.returncode or not compiler.exists():
            pytest.skip(f"npm gives no {PACKAGE}")

    def compile_(path):
        words = [str(compiler), "--strict", "--noEmit", "--target", "es2022", str(path)]
        return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)

    return compile_


@pytest.mark.parametrize("path", SURFACES, ids=lambda path: path.parent.name)
def test_the_accessors_of_every_surface_here_compile(tsc, tmp_path, path):
    file = tmp_path / "accessors.ts"
    file.write_text(typescript_accessors(load_surface(path.read_text(encoding="utf-8"), source=str(path))))
    done = tsc(file)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("line", "compiles"),
    [
        ("const n: number = config.resultsPerPage;", True),
        ('const r: "text" | "text_popularity" | "semantic" = config.matchingRanker;', True),
        ("const n: string = config.resultsPerPage;", False),
        ('const r: "text" = config.matchingRanker;', False),
        ("const n = config.resultsPerPge;", False),
        ("config.resultsPerPage = 3;", False),
    ],
)
def test_code_that_disagrees_with_the_surface_does_not_compile(tsc, tmp_path, line, compiles):
    (search,) = (path for path in SURFACES if path.parent.name == "search")
    made = typescript_accessors(load_surface(search.read_text(encoding="utf-8"), source="surface.yaml"))
    (tmp_path / "accessors.ts").write_text(made)
    use = tmp_path / "use.ts"
    body = f"export function f(config: SearchConfig) {{ {line} return config; }}"
    use.write_text(f'import {{ SearchConfig }} from "./accessors";\n{body}\n')
    assert (tsc(use).returncode == 0) is compiles
