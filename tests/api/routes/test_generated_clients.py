"""Clients generated from the OpenAPI document do in three languages what their examples show, over real HTTP.

Covers clients/generate.py.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from small_customers import bundle_with_customers

from api.process.app import create_app
from api.web.settings import ApiSettings
from clients.generate import LANGUAGES, generate
from features.home import Home
from features.store.settings import StoreSettings

from bundles import write_small
from scale import FULL
from serving import ROOT

DEBIANS_GUZZLE = Path("/usr/share/php/GuzzleHttp/autoload.php")
SHOWN = """\
home 2 1
accepted 1
ann true true
picks 2
rules hide
refused 404 There are figures of
"""
generated = pytest.mark.skipif(not FULL, reason="loads and builds clients: run by `make clients`")


def run(*words: str, cwd: Path) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def needs(*tools: str) -> None:
    """Skips where a tool is missing."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"no {' and no '.join(missing)} on this machine")


@pytest.fixture(scope="module")
def clients() -> Path:
    """Generated into build/clients, where they can be published from."""
    needs("java")
    generator, to = ROOT / "build" / "openapi-generator", ROOT / "build" / "clients"
    wanted = ["--require-hashes", "-r", "clients/generator.txt"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target"]
    run(*pip, str(generator), *wanted, cwd=ROOT)
    generate(generator, to)
    return to


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home whose model knows ann."""
    home = Home(tmp_path / "shop")
    write_small(home.models, bundle_of=bundle_with_customers)
    return home


def test_versions_are_in_step() -> None:
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    folders = {language: ROOT / "clients" / language for language in LANGUAGES}
    theirs = {
        "typescript": json.loads((folders["typescript"] / "package.json").read_text())["version"],
        "python": tomllib.loads((folders["python"] / "pyproject.toml").read_text())["project"]["version"],
        "php": json.loads((folders["php"] / "composer.json").read_text())["version"],
    }
    assert theirs == dict.fromkeys(LANGUAGES, ours)


EXAMPLES = {"typescript": "example.ts", "python": "example.py", "php": "example.php"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_examples_call_what_there_is(language: str) -> None:
    """A route that is renamed renames a method of every client: this tells it without a generator."""
    text = (ROOT / "clients" / language / EXAMPLES[language]).read_text(encoding="utf-8")
    calls = re.findall(r"(\w+)Api\((?:shop|[^()]*)\)+(?:\.|->)(\w+)\(", text)
    document = create_app(Home(ROOT), "redis://127.0.0.1", ApiSettings(), StoreSettings()).openapi()
    known = {
        (_bare(operation["tags"][0]), _bare(operation["operationId"]))
        for path in document["paths"].values()
        for operation in path.values()
    }
    assert len(calls) == 6
    assert {(_bare(api), _bare(method)) for api, method in calls} <= known


def _bare(name: str) -> str:
    """The same in every language."""
    return re.sub(r"[^a-z]", "", name.lower())


@generated
def test_typescript(clients: Path, url: str) -> None:
    needs("node", "npm")
    folder = clients / "typescript"
    run("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent", cwd=folder)
    run("npm", "run", "build", cwd=folder)
    typed = [
        "--strict",
        "--target",
        "es2022",
        "--lib",
        "es2022,dom",
        "--module",
        "nodenext",
        "--rootDir",
        ".",
    ]
    run("npx", "tsc", *typed, "--outDir", "example", "example.ts", cwd=folder)
    assert run("node", "example/example.js", url, "sk_demo", cwd=folder) == SHOWN
    assert "dist/index.d.ts" in run("npm", "pack", "--dry-run", "--json", "--ignore-scripts", cwd=folder)


@generated
def test_python(clients: Path, url: str, tmp_path: Path) -> None:
    folder = clients / "python"
    run(sys.executable, "-m", "venv", str(tmp_path / "venv"), cwd=folder)
    python = str(tmp_path / "venv" / "bin" / "python")
    run(python, "-m", "pip", "install", "--quiet", ".", cwd=folder)
    example = shutil.copy(folder / "example.py", tmp_path)  # beside it the folder itself would be imported
    assert run(python, "-W", "error", str(example), url, "sk_demo", cwd=tmp_path) == SHOWN


@generated
def test_php(clients: Path, url: str, tmp_path: Path) -> None:
    needs("php")
    if not DEBIANS_GUZZLE.is_file():
        pytest.skip("no Guzzle on this machine: apt-get install php-guzzlehttp-guzzle php-curl php-mbstring")
    folder, autoload = clients / "php", tmp_path / "autoload.php"
    source = f"'{folder}/src/' . str_replace('\\\\', '/', substr($class, 17)) . '.php'"
    loader = f"function ($class) {{ if (is_file($file = {source})) require $file; }}"
    autoload.write_text(f"<?php require '{DEBIANS_GUZZLE}'; spl_autoload_register({loader});")
    for path in folder.rglob("*.php"):
        run("php", "-l", str(path), cwd=folder)
    assert run("php", "example.php", url, "sk_demo", str(autoload), cwd=folder) == SHOWN
