"""What docs/deploy says for the internet, read by the programs that it is for; nginx before a service."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from features.home import Home
from features.merchant.api_keys import add_demo_keys

from bundles import write_small
from serving import ROOT, running
from waiting import eventually

DEPLOY = ROOT / "docs" / "deploy"
CERTIFICATES = "/etc/letsencrypt/live/shop.example"


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"there is no {program} here")


def run(*words: str) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[int]:
    """Our server block on a free port of this machine, with a certificate of its own."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=shop.example"),
        *("-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")),
    )
    block = (DEPLOY / "nginx.conf").read_text().replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    block = block.replace(CERTIFICATES, str(folder)).replace("http://127.0.0.1:8000", upstream)
    written = [f"{name}_temp_path {folder};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    about = f"pid {folder}/pid; error_log {folder}/log; daemon off; master_process off; events {{}}"
    http = f"http {{ access_log off; {' '.join(written)} {block} }}"
    (folder / "nginx.conf").write_text(about + "\n" + http)
    command = ["nginx", "-p", str(folder), "-e", str(folder / "log"), "-c", str(folder / "nginx.conf")]
    run(*command, "-t")
    with subprocess.Popen(command) as process:
        try:
            yield port
        finally:
            process.terminate()


@needs("nginx")
@needs("openssl")
def test_behind_nginx_only_the_shops_own_keys_open_anything(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    write_small(home.models)
    add_demo_keys(home, None, datetime.now(UTC))
    ask = {"placement": "home"}
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        running("serve", "--home", str(home.root)) as (_, url),
        nginx(tmp_path, url) as port,
        httpx.Client(
            base_url=f"https://127.0.0.1:{port}", verify=context, headers={"Host": "shop.example"}
        ) as web,
    ):
        eventually(lambda: reached(web))
        for claimed in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Host": "localhost"}):
            assert web.get("/metrics", headers=claimed).status_code == 401
            for key in ("pk_demo", "sk_demo"):
                demo = {**claimed, "Authorization": f"Bearer {key}"}
                if "Host" not in claimed:
                    assert web.get("/v1/recommendations", params=ask, headers=demo).status_code == 401
        assert httpx.get(f"{url}/metrics").status_code == 200
        made = [sys.executable, "-P", "-m", "perennial", "keys", "create", "public", "--home", str(home.root)]
        own = next(
            word for word in subprocess.check_output(made, text=True).split() if word.startswith("pk_")
        )
        own_key = {"Authorization": f"Bearer {own}"}
        eventually(lambda: web.get("/v1/recommendations", params=ask, headers=own_key).status_code == 200)


def reached(web: httpx.Client) -> bool:
    try:
        return web.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


@needs("caddy")
def test_caddy_reads_its_file(tmp_path: Path) -> None:
    run(
        "env",
        f"HOME={tmp_path}",
        "caddy",
        "validate",
        "--adapter",
        "caddyfile",
        "--config",
        str(DEPLOY / "Caddyfile"),
    )


@needs("systemd-analyze")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    unit = (DEPLOY / "perennial.service").read_text()
    (tmp_path / "perennial.service").write_text(
        unit.replace("/opt/perennial/.venv/bin/perennial", sys.executable)
    )
    run("systemd-analyze", "verify", str(tmp_path / "perennial.service"))


def test_the_backup_of_cron_is_one_that_can_be_restored(tmp_path: Path) -> None:
    write_small(Home(tmp_path / "shop").models)
    line = (DEPLOY / "perennial.cron").read_text().splitlines()[-1]
    command = (
        line.split("perennial ", 1)[1].replace(r"\%", "%").replace("/var/backups/perennial", str(tmp_path))
    )
    command = command.replace("/opt/perennial/.venv/bin/perennial", f"{sys.executable} -P -m perennial")
    home = {**os.environ, "PERENNIAL_HOME": str(tmp_path / "shop")}
    subprocess.run(["sh", "-c", command], check=True, env=home, cwd=ROOT)
    (backup,) = tmp_path.glob("*.tar.gz")
    run(sys.executable, "-P", "-m", "perennial", "restore", str(backup), "--home", str(tmp_path / "again"))
    assert Home(tmp_path / "again").models.exists()
