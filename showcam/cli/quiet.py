"""`showcam owner quiet`: the hours of the day in which nothing is announced in a household."""

import click

from showcam.cli import installation, readable, settings_of, stop
from showcam.cli.output import as_json, echo, report


@click.command()
@click.argument("times", required=False)
@click.option("--zone", help="Time zone, such as Europe/Oslo (default: the one it has, else this machine's).")
@click.option("--user", help="Whose household (default: the only one).")
@as_json
@installation
@click.pass_context
@readable
def quiet(context: click.Context, times: str | None, zone: str | None, user: str | None, as_json: bool) -> None:
    """Set the quiet TIMES of a household, such as "22:00-07:00, 13:00-14:30", or nothing; without TIMES print them.

    In quiet times no display rings, no TV changes to a camera, and motion is not announced. Live pictures, and what a
    camera's sensors report, stay as they are.
    """
    from registry import quiet_times
    from registry.settings import BadValue
    from showcam.cli.owner_password import known_or_only
    from showcam.compose.command import tools

    with tools(settings_of(context)) as store:
        account = known_or_only(store, user)
        kept = quiet_times.of_household(store, account.id)
        if times is not None:
            chosen = zone or (kept.zone if kept.spans else quiet_times.own_zone())
            try:
                kept = quiet_times.parsed("" if times == "nothing" else times, chosen)
            except BadValue as error:
                stop(f"{error}.")
            quiet_times.keep(store, account.id, kept)
        elif zone:
            raise click.UsageError("--zone goes with TIMES.")
    says = f"Quiet times: {kept} ({kept.zone})." if kept.spans else "There are no quiet times."
    report(as_json, {"household": account.id, "quiet": str(kept), "zone": kept.zone}, [says])
    if times is not None:
        echo("They hold at once.", err=True)
