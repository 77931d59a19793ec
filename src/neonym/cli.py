"""The command line: `neonym COMMAND`."""

import errno
import os
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import IO, Any

import click

from neonym import commands
from neonym.base.errors import UserError
from neonym.base.garbage import collect_late
from neonym.base.missing import explain_missing
from neonym.base.standard_streams import open_closed_streams
from neonym.base.text import escape, escape_stream
from neonym.lab.tracking.addresses import hide_addresses

MISTAKE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells say it
UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE})


ALONE = ("export", "import", "learn", "sample", "score")
"""The commands that need no extra; the others work on a project's stages and runs."""


class CommandsFolder(click.Group):
    """The group of the modules in `neonym.commands`, each imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        known = _modules()
        name = known.get(cmd_name)
        if name is None:
            from neonym.base.mistakes import closest  # noqa: PLC0415 (for a mistake alone)

            meant = closest(cmd_name, known, 60)
            hint = f"; did you mean {meant}?" if meant else "."
            raise click.UsageError(f"No such command '{cmd_name}'{hint}", ctx)
        module = import_module(f"{commands.__name__}.{name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List those that need no extra before the others."""
        names = self.list_commands(ctx)
        sections = {
            "Commands": [name for name in names if name in ALONE],
            'For projects (pip install "neonym[pipeline]")': [
                name for name in names if name not in ALONE
            ],
        }
        width = formatter.width - max(map(len, names)) - 6  # indented, and apart
        for title, listed in sections.items():
            found = ((name, self.get_command(ctx, name)) for name in listed)
            rows = [(name, each.get_short_help_str(width)) for name, each in found if each]
            with formatter.section(title):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it needs of the extra `pipeline` may not be installed."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            said = explain_missing(error, ctx.invoked_subcommand or "neonym")
            if not said:
                raise
            raise UserError(said) from None


def _modules() -> dict[str, str]:
    """The module of each command; one called like a keyword of Python has an underscore behind."""
    names = [module.name for module in iter_modules(commands.__path__)]
    return {name.rstrip("_").replace("_", "-"): name for name in names}


@click.group(cls=CommandsFolder, invoke_without_command=True)
@click.version_option(package_name="neonym")
@click.pass_context
def cli(context: click.Context) -> None:
    """Learn how the names in a list are built, and coin new ones."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main() -> None:
    """Run the command line and exit: 0, or 2 after a user's mistake, which is told in one line."""
    collect_late()
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        _never_fail_to_encode(stream)
    sys.stdout, sys.stderr = _Harmless(sys.stdout), _Harmless(sys.stderr)
    status = 0
    try:
        status = run()
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in UNWRITABLE or error.filename is not None:
            raise
        # Python flushes once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno != errno.EPIPE:  # who reads has enough, which is no mistake
            complain(f"the output cannot be written ({error.strerror})")
            status = MISTAKE
    sys.exit(status)


def run() -> int:
    """Run the command line; its exit status."""
    try:
        return cli.main(prog_name="neonym", standalone_mode=False) or 0
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "neonym"
        complain(f"{error.format_message()} See `{path} --help`.")
    except click.ClickException as error:
        complain(error.format_message())
    except UserError as error:
        complain(str(error))
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit:  # by click or rich: who reads has enough, which is no mistake
        return 0
    return MISTAKE


class _Harmless:
    """A stream in which the terminal obeys nothing but colours, whichever command writes to it."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(escape_stream(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def complain(message: str) -> None:
    """Tell the person at the keyboard in one line, on standard error."""
    click.echo(f"neonym: {escape(hide_addresses(message))}", err=True)


def _never_fail_to_encode(stream: IO[str]) -> None:
    """Write letters that the terminal's encoding lacks as escapes."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
