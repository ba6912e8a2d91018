"""The commands for staff: `python -m app.cli --help`."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvicorn
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from app.config import ConfigurationError, require_sense, settings
from app.db import failures, migration, pools
from app.db.work import ADMIN, SYSTEM, Actor, Work
from app.errors import AppError
from app.models.order import STATUS_NAMES
from app.schemas.fields import Name, Password
from app.security import hash_now
from app.services.accounts import accounts
from app.tools import check, demo, restored
from app.tools.replay import Replay
from app.tools.replay_file import Unreadable
from app.tools.replay_report import Report

cli = typer.Typer(help="meta_be: what staff run by hand.", no_args_is_help=True, pretty_exceptions_enable=False)
console = Console()
MOST_REASONS, MOST_LINES = 50, 5  # of what a replay refused that are printed
COLOURS = {check.OK: "green", check.WARNING: "yellow", check.ERROR: "red"}
NewPassword = Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="NEW_PASSWORD")]


@cli.command()
def create_admin(name: str, password: NewPassword) -> None:
    """Create an admin. The password is asked for, or taken from NEW_PASSWORD."""
    name, password = _checked(name, password)
    with migration.running(), Work(Actor(SYSTEM), writes=True) as work:
        accounts.create(work, ADMIN, name=name, password_hash=hash_now(password))
        work.commit()
    console.print(f"admin {name} created")


@cli.command()
def reset_password(audience: str, name: str, password: NewPassword) -> None:
    """Set the password of a merchant, customer or admin; ends their session."""
    name, password = _checked(name, password)
    if audience not in demo.NAMES:
        _stop(f"{audience}: not one of {', '.join(demo.NAMES)}")
    with migration.running(), Work(Actor(SYSTEM), writes=True) as work:
        account_id = accounts.id_by_name(work, audience, name)
        if account_id is None:
            _stop(f"there is no {audience} named {name}")
        accounts.set_password(work, audience, account_id, hash_now(password))
        work.commit()
    console.print(f"password of {audience} {name} set")


@cli.command()
def migrate() -> None:
    """Bring the schema up to date."""
    with migration.running():
        console.print(f"schema is at revision {migration.expected_revision()}")


@cli.command()
def after_restore(
    skip: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="ids to leave out, more than were given since the backup")
    ] = (restored.SKIPPED),
) -> None:
    """Prepare a database that was restored from a backup or a dump, before the service starts; tells what is in it."""
    with migration.running():
        pools.leave()
        found = restored.settle(skip)
    console.print(f"{found.sequences} sequences go on {skip:,} ids further")
    if found.reordered:
        console.print("transaction ids start over here: events and webhooks were put in order for that")
    console.print(f"{found.orders:,} orders, the newest of {found.newest or 'never'} UTC")
    if found.skus_off:
        _stop(f"the stock of {found.skus_off} SKUs is not the sum of their movements")


@cli.command("check")
def check_configuration() -> None:
    """Tell what is wrong with the configuration, and how to mend it, before a start; changes nothing."""
    found = check.findings()
    for finding in found:
        text = Text.assemble((f"{finding.level:<8}", COLOURS[finding.level]), f"{finding.subject}: {finding.said}")
        console.print(text + Text(f"\n        {finding.remedy}" if finding.remedy else "", style="dim"), soft_wrap=True)
    wrong = sum(finding.level == check.ERROR for finding in found)
    console.print(f"{wrong} errors" if wrong else "it can start")
    raise SystemExit(1 if wrong else 0)


@cli.command()
def replay(file: Path) -> None:
    """Replay another marketplace's orders (CSV) through the services; running it again doubles nothing."""
    work = Replay(file)
    with migration.running():
        for _ in track(work.steps(), total=len(work.entries), description="replaying", console=console):
            pass
        report = work.report()
    _print(report)
    if not report.orders:
        _stop(f"{file}: nothing was replayed")
    if report.skus_off:
        _stop("the stock of some SKUs is not the sum of their movements")


@cli.command()
def run(port: Annotated[int | None, typer.Option(min=1, max=65535, help="where to serve, instead of PORT")] = None) -> None:
    """Serve the API and the worker on the embedded database, with a demo shop, at HOST and PORT."""
    require_sense()
    demo.require_embedded()
    listener = _listening(settings.host, settings.port if port is None else port)
    with migration.running():
        password = demo.load(int(time.time()))
    _welcome(_url(*listener.getsockname()[:2]), password)
    if "log_format" not in settings.model_fields_set:
        settings.log_format = "text"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises SIGTERM again once it has drained
    worker = subprocess.Popen([sys.executable, "-m", "app.worker"], env={**os.environ, "LOG_FORMAT": settings.log_format})
    try:
        with suppress(KeyboardInterrupt):
            uvicorn.Server(uvicorn.Config("app.main:app", log_config=None)).run(sockets=[listener])
    finally:
        worker.terminate()
        worker.wait()


def main() -> None:
    """Run a command; an error that a person can mend is one line, without a traceback."""
    try:
        cli()
    except (AppError, ConfigurationError, Unreadable, restored.InUse, *failures.AWAY) as error:
        _stop(str(error).strip())


def _checked(name: str, password: str) -> tuple[str, str]:
    try:
        return TypeAdapter(Name).validate_python(name), TypeAdapter(Password).validate_python(password)
    except ValidationError as wrong:
        _stop(wrong.errors()[0]["msg"])


def _print(report: Report) -> None:
    for reason, lines in list(report.reasons().items())[:MOST_REASONS]:
        console.print(f"{_lines(lines)} refused: {reason}", markup=False)
    table = Table(title=f"{report.lines} lines, {report.merchants} merchants")
    table.add_column("state")
    table.add_column("orders", justify="right")
    for status, count in sorted(report.orders.items()):
        zh, en = STATUS_NAMES[status]
        table.add_row(f"{status} {zh} {en}", str(count))
    table.add_row("all orders", str(report.orders.total()), end_section=True)
    table.add_row("lines refused", str(len(report.refused)))
    table.add_row("paid, yuan", f"{report.paid:,.2f}")
    table.add_row("refunded, yuan", f"{report.refunded:,.2f}")
    table.add_row("SKUs whose stock is the sum of its movements", f"{report.skus - report.skus_off} of {report.skus}")
    console.print(table)


def _lines(numbers: list[int]) -> str:
    """A few of the lines, and how many they are."""
    named = ", ".join(map(str, numbers[:MOST_LINES])) + (", …" if len(numbers) > MOST_LINES else "")
    return f"line {named}" if len(numbers) == 1 else f"{len(numbers):,} lines ({named})"


def _listening(host: str, port: int) -> socket.socket:
    """A listening socket, opened before the database starts, so that nobody else can take the port meanwhile."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        _stop(f"{host}:{port} cannot be listened on ({error.strerror}): set HOST or PORT to another")
    return listener


def _url(host: str, port: int) -> str:
    """The URL of a listening address, for a browser on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is looked up, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _welcome(url: str, password: str) -> None:
    console.print(f"console    {url}/console/   staff {url}/console/admin", soft_wrap=True)
    console.print(f"API        {url}/api/v1   docs {url}/docs")
    for audience, name in demo.NAMES.items():
        body = f'{{"name":"{name}","password":"{password}"}}'
        console.print(f"{audience:10} name {name}   password {password}", markup=False, highlight=False)
        if audience == "merchant":
            login = f"{url}/api/v1/{audience}/login"
            console.print(
                f"           curl -H 'Content-Type: application/json' -d '{body}' {login}", markup=False, soft_wrap=True
            )
    console.print(f"data       {settings.data_dir.absolute()}   (stop with Ctrl-C)")


def _stop(why: str) -> NoReturn:
    console.print(why, style="red", markup=False, soft_wrap=True)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
