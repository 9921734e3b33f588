"""`showcam login`: sign in to a vendor here, and see which cameras can be shown, without a browser."""

from typing import TYPE_CHECKING

import click

from showcam.app.cli import Command, at_vendor, settings_of, stop
from showcam.app.cli.cameras import report_cameras
from showcam.app.cli.named_camera import asking, unavailable
from showcam.app.cli.output import USER, as_json, echo, progress

if TYPE_CHECKING:
    from showcam.app.compose.command import Household
    from showcam.registry.owner.sign_in import SignIn
    from showcam.registry.owner.sign_in_outcome import Outcome, SignedIn, SignInRefused

HERE = "command line"  # tries at the command line are counted apart from visitors' tries


@click.command(cls=Command)
@click.option("--user", help="User name at the vendor: e-mail, phone or account name (default: asked for).")
@at_vendor
@click.option(
    "--open/--no-open",
    "open_way",
    default=None,
    help="Whether pictures may come by EZVIZ's cloud stream, an open connection (default: asked for where it matters).",
)
@as_json
def login(user: str | None, kind: str, open_way: bool | None) -> None:
    """Sign in to EZVIZ, or another vendor, and list the cameras: those that can be shown, and why the others can't.

    The password is asked for, used once and not kept. A person who may read the data folder may sign in any account.
    """
    from showcam.app.compose.command import is_meant, signing_in

    settings = settings_of()
    with signing_in(settings) as (sign_in, household_of):
        done = signed_in(sign_in, user, kind)
        home = household_of(done.account.id)
        if not is_meant(settings, home):
            click.get_current_context().meta[USER] = done.user
        _agree(sign_in, home, open_way)
        report_cameras(home, verbose=False)


def signed_in(sign_in: "SignIn", user: str | None, kind: str) -> "SignedIn":
    from showcam.registry.owner.sign_in_outcome import CodeWanted, SignedIn, SignInRefused

    outcome = _begun(sign_in, user, kind)
    while isinstance(outcome, CodeWanted):
        code = click.prompt(f"The code that was sent to {outcome.hint}", err=True)
        with progress("Signing in"):
            answer = sign_in.submit_code(outcome.pending, code)
        if isinstance(answer, SignInRefused) and answer.why == "wrong_code":
            echo(_why(answer, kind), err=True)
            continue
        outcome = answer
    if not isinstance(outcome, SignedIn):
        stop(_why(outcome, kind), code=1)
    return outcome


def _begun(sign_in: "SignIn", user: str | None, kind: str) -> "Outcome":
    from msgspec.structs import replace

    from showcam.accounts.attempts import Browser
    from showcam.drivers import vendor_of
    from showcam.drivers.vendor import manner_of
    from showcam.registry.owner.sign_in_outcome import SignedIn

    manner = manner_of(sign_in.vendors[kind])
    if manner == "page":
        vendor = vendor_of(kind)
        stop(f"{vendor} asks for the password on its own page. Sign in on showcam's page: showcam home", code=1)
    if manner == "key":
        key = click.prompt("Key", hide_input=True, err=True)
        with progress("Signing in"):
            return sign_in.begin_key(key, HERE, kind=kind)
    user = user or str(click.prompt(f"{vendor_of(kind)} user name", err=True))
    password = click.prompt("Password", hide_input=True, err=True)
    with progress("Signing in"):
        outcome = sign_in.begin(user, password, HERE, Browser(HERE, every=True), kind=kind)
    return replace(outcome, user=user) if isinstance(outcome, SignedIn) else outcome


def _why(refusal: "SignInRefused", kind: str) -> str:
    from showcam.drivers import vendor_of
    from showcam.registry.owner.sign_in_outcome import refused

    return refused(refusal.why, "en", vendor_of(kind), refusal.retry_after_s, region=refusal.region)


def _agree(sign_in: "SignIn", home: "Household", open_way: bool | None) -> None:
    """Keeps whether pictures may come by an open connection. A person is asked if a camera has no better way."""
    from showcam.drivers.errors import Unavailable
    from showcam.registry.gate.gate import may_be_overheard

    if open_way is None:
        try:
            with progress(asking(home)):
                cameras = home.owner.cameras(home.account).cameras
        except Unavailable as error:
            unavailable(error)
        names = ", ".join(camera.name for camera in cameras if may_be_overheard(camera))
        if not names:
            return
        echo(f"Over an open connection alone: {names}.", err=True)
        echo("On its way from the vendor to here the picture is then not encrypted.", err=True)
        open_way = click.confirm("Show them so?", default=True, err=True)
    sign_in.allow_open_way(home.account, allowed=open_way)
