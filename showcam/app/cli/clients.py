"""`showcam clients`: the assistants that may ask for access."""

import shlex

import click
from msgspec.structs import asdict

from showcam.app.cli import Group, settings_of, stop
from showcam.app.cli.output import as_json, echo, report
from showcam.store.records import Assistant

_REDIRECTS = {
    "alexa": "https://pitangui.amazon.com/api/skill/link/… , https://layla.amazon.com/api/skill/link/… and "
    "https://alexa.amazon.co.jp/api/skill/link/… (the developer console shows all three)",
    "google": "https://oauth-redirect.googleusercontent.com/r/… and "
    "https://oauth-redirect-sandbox.googleusercontent.com/r/… (with your project id)",
}


@click.group(cls=Group)
def clients() -> None:
    """The assistants that may ask for access: OAuth clients."""


@clients.command()
@click.argument("assistant", type=click.Choice(["alexa", "google"]))
@click.option("--id", "client_id", help="Client id to give the console (default: the assistant's name).")
@click.option("--redirect-uri", "redirects", multiple=True, help="A redirect URI, exactly; once for each.")
@click.option("--require-pkce", is_flag=True, help="Refuse an authorization without PKCE.")
@as_json
def add(assistant: Assistant, client_id: str | None, redirects: tuple[str, ...], require_pkce: bool) -> None:
    """Let Alexa or Google ask for access. Prints the client secret, once."""
    from showcam.accounts import clients as registered
    from showcam.app.compose.command import tools
    from showcam.app.setup.google_console import PLACEHOLDER

    if not redirects:
        stop(f"Say which redirect URIs are the assistant's, each with --redirect-uri: {_REDIRECTS[assistant]}.")
    wrong = [uri for uri in redirects if not uri.startswith("https://") or "#" in uri]
    if wrong:
        stop(f"{wrong[0]}: a redirect URI starts with https:// and has no fragment.")
    if assistant == "google" and any(PLACEHOLDER in uri for uri in redirects):
        stop(f"{PLACEHOLDER} stands for your own: put the Project ID of Google's console in its place.")
    name = client_id or assistant
    with tools(settings_of()) as store:
        if store.client(name) is not None:
            stop(
                f"There is a client {name} already: showcam clients remove {shlex.quote(name)}, or another --id.",
                code=1,
            )
        try:
            secret = registered.register(store, name, assistant, redirects, require_pkce=require_pkce)
        except ValueError as error:
            stop(f"That can't be registered: {error}.")
    lines = [f"client id:     {name}", f"client secret: {secret}"]
    report({"client_id": name, "client_secret": secret}, lines)
    echo("The secret is not kept and will not be shown again.", err=True)


@clients.command("list")
@as_json
def list_() -> None:
    """List the clients, each with its redirect URIs."""
    from showcam.app.compose.command import tools

    with tools(settings_of()) as store:
        rows = store.clients()
    lines = [
        line
        for client in rows
        for line in (f"{client.id}  ({client.assistant})", *(f"  {uri}" for uri in client.redirect_uris))
    ]
    if not rows:
        lines = ["No client yet: showcam clients add alexa, or showcam clients add google"]
    listed = ("id", "assistant", "redirect_uris", "created", "require_pkce")
    report({"clients": [{name: asdict(client)[name] for name in listed} for client in rows]}, lines)


@clients.command()
@click.argument("client_id")
@click.option("--keep-links", is_flag=True, help="Leave its links to a client that you add with the same id.")
def remove(client_id: str, keep_links: bool) -> None:
    """Refuse the client CLIENT_ID from now on. Its links end in all households.

    A command that was interrupted can be run again.
    """
    from showcam.accounts import clients as registered
    from showcam.accounts import households
    from showcam.app.compose.command import pictures, tools

    settings = settings_of()
    with tools(settings) as store:
        client = store.client(client_id)
        if client is None:
            stop(f"There is no client {client_id}: showcam clients list", code=1)
        if keep_links:
            store.drop_client(client_id)
        else:
            media = pictures(settings, store)
            registered.refuse(store, lambda link: households.end(store, media, link), client)
    echo(f"{client_id} is refused from now on. Its links {'stay' if keep_links else 'have ended'}.")
