"""What docs/operations.md shows, so that tests run just that."""

import re
import subprocess

from tests.conftest import ROOT


def documented(beginning: str) -> str:
    """The block of docs/operations.md that begins so."""
    shown = re.search(rf"```\w*\n({re.escape(beginning)}.*?)```", _text(), re.DOTALL)
    assert shown is not None, beginning
    return shown[1]


class Runbook:
    """The commands of a section of docs/operations.md: the blocks marked `sh`, each line a command.

    They are run as they stand, by `user`, but for what `here` puts in place of their addresses and folders.
    """

    def __init__(self, heading: str, here: dict[str, str], environment: dict[str, str], user: str | None = None) -> None:
        section = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{2,3}} |\Z)", _text(), re.DOTALL | re.MULTILINE)
        assert section is not None, heading
        blocks = re.findall(r"```sh\n(.*?)```", section[2], re.DOTALL)
        self._commands = [line for block in blocks for line in re.sub(r"\\\n\s*", "", block).splitlines()]
        self._given: list[str] = []
        self._run: set[str] = set()
        self._here = here
        self._environment = environment
        self._user = user

    def give(self, part: str) -> None:
        """Run the one command that has this part, and again before each that follows: it sets variables."""
        self.run(part)
        self._given.append(self._the_one(part))

    def run(self, part: str, *, as_ourselves: bool = False) -> str:
        """Run the one command that has this part, by `user` or as who runs the tests; what it printed."""
        text = "\n".join([*self._given, self._the_one(part)])
        for there, here in self._here.items():
            text = text.replace(there, here)
        done = subprocess.run(
            ["bash", "-euc", text],
            env=self._environment,
            user=None if as_ourselves else self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        self._run.add(self._the_one(part))
        return done.stdout

    def left(self) -> list[str]:
        """The commands that were not run."""
        return [command for command in self._commands if command not in self._run]

    def _the_one(self, part: str) -> str:
        [command] = [each for each in self._commands if part in each]
        return command


def _text() -> str:
    return (ROOT / "docs/operations.md").read_text()
