"""`perennial mcp`: the shop's answers as tools for agents."""

from typing import Annotated

import typer

from features import extras
from features.cli.options import console

HERE = "127.0.0.1"


def mcp(
    url: Annotated[str, typer.Option(help="Where the shop is served.")] = f"http://{HERE}:8000",
    key: Annotated[
        str | None,
        typer.Option(envvar="PERENNIAL_KEY", help="A key of the shop; agents may ask what it may."),
    ] = None,
    http: Annotated[
        bool, typer.Option("--http", help="Serve over HTTP; each agent sends a key of its own.")
    ] = False,
    host: Annotated[str, typer.Option(help="With --http: address to listen on.")] = HERE,
    port: Annotated[int, typer.Option(help="With --http: 0 takes a free one.")] = 8001,
) -> None:
    """Answer agents by the Model Context Protocol: over standard input and output, or over HTTP."""
    extras.require("mcp")
    from features.agents.tools import server_of

    if http:
        _serve(url, host, port)
    elif key is None:
        raise typer.BadParameter("set PERENNIAL_KEY to a key of the shop; `perennial keys create` makes one")
    else:
        server_of(url, key).run()


def _serve(url: str, host: str, port: int) -> None:
    """Without sessions. A page of another origin has no key, so any `Host` may ask."""
    import socket

    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    from features.agents.tools import server_of

    anywhere = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server_of(url, None).streamable_http_app(
        stateless_http=True, json_response=True, transport_security=anywhere
    )
    with socket.create_server((host, port)) as listener:
        name, bound = listener.getsockname()[:2]
        console.print(f"Agents connect to http://{name}:{bound}/mcp", soft_wrap=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
