"""Clients from the OpenAPI document, in a folder for each language, ready to publish."""

import json
import shutil
import subprocess
from pathlib import Path

from api.process.app import create_app
from api.web.settings import ApiSettings
from features.home import Home
from features.store.settings import StoreSettings

HERE = Path(__file__).parent
LANGUAGES = ("typescript", "python", "php")
CODE_ALONE = "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"


def generate(generator: Path, to: Path) -> None:
    """Write all clients. generator: a folder into which pip has put clients/generator.txt. Raises
    CalledProcessError, with what the generator says in its `stderr`."""
    to.mkdir(parents=True, exist_ok=True)
    document = to / "openapi.json"
    app = create_app(Home(to), "redis://127.0.0.1", ApiSettings(), StoreSettings())
    document.write_text(json.dumps(app.openapi()), encoding="utf-8")
    (jar,) = generator.glob("openapi_generator_cli/*.jar")
    for language in LANGUAGES:
        folder = to / language
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(HERE / language, folder)
        words = ["-i", str(document), "-o", str(folder), "-c", str(folder / "generator.yaml")]
        subprocess.run(
            ["java", "-jar", str(jar), "generate", *words, "--global-property", CODE_ALONE],
            check=True,
            capture_output=True,
            text=True,
        )
