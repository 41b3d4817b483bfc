"""Settings of the commands: options, each of which an environment variable can set too."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from telemetry_app.console.printed import failed

PREFIX = "TELEMETRY_"
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class _Setting(NamedTuple):
    flag: str
    read: Callable[[str], Any]
    default: Any
    required: bool

    @property
    def name(self) -> str:
        return self.flag.lstrip("-").replace("-", "_")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


class SettingsParser(argparse.ArgumentParser):
    """Parses a command line. What it does not say is taken from the environment: `--port` from TELEMETRY_PORT.

    A wrong value ends the command with exit code 2 and one line that names the option or the variable. An empty
    variable counts as unset.

    Args:
        description: one sentence about the command.
    """

    def __init__(self, description: str) -> None:
        super().__init__(description=description, epilog="An option wins over its environment variable.")
        self._settings: list[_Setting] = []

    def setting(
        self,
        flag: str,
        *aliases: str,
        read: Callable[[str], Any] = str,
        default: Any = None,
        required: bool = False,
        about: str = "",
    ) -> None:
        """Add an option with a value.

        Args:
            flag: the option; it names the attribute and the variable.
            aliases: other names of the option.
            read: gives the value of a text, or raises ValueError; the error says what the value must be.
            default: the value where neither option nor variable is given.
            required: whether one of them must be given.
            about: a few words for the help.
        """
        setting = self._add(flag, read, default, required=required)
        about = (
            f"{about} [{setting.variable}]" if default is None else f"{about} (default: {default}) [{setting.variable}]"
        )
        self.add_argument(flag, *aliases, dest=setting.name, type=_reader(read), help=about.strip())

    def switch(self, flag: str, *, about: str) -> None:
        """Add an option without a value; its variable is 1, true, yes or on, or the reverse of these."""
        setting = self._add(flag, _switched, default=False, required=False)
        self.add_argument(
            flag, dest=setting.name, action="store_true", default=None, help=f"{about} [{setting.variable}]"
        )

    def values(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:
        """The values of all settings, as attributes; by default from the arguments of this process."""
        found = self.parse_args(arguments)
        for setting in self._settings:
            if getattr(found, setting.name) is None:
                setattr(found, setting.name, self._from_environment(setting))
        return found

    def error(self, message: str) -> NoReturn:
        """End the command with one line."""
        self.exit(failed(message.removeprefix("argument ")))

    def _add(self, flag: str, read: Callable[[str], Any], default: Any, *, required: bool) -> _Setting:
        setting = _Setting(flag, read, default, required)
        self._settings.append(setting)
        return setting

    def _from_environment(self, setting: _Setting) -> Any:
        text = os.environ.get(setting.variable, "")
        if not text and setting.required:
            self.error(f"give {setting.flag}, or set {setting.variable}")
        try:
            return setting.read(text) if text else setting.default
        except ValueError as error:
            self.error(f"{setting.variable}: {error}")


def at_least(least: int) -> Callable[[str], int]:
    """Reads a whole number that is not below a limit."""
    return between(least, 2**63 - 1)


def between(least: int, most: int) -> Callable[[str], int]:
    """Reads a whole number in a range."""

    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            limit = f"from {least} to {most}" if most < 2**63 - 1 else f"of at least {least}"
            raise ValueError(f"must be a whole number {limit}, and is {text[:100]!r}")
        return int(text)

    return read


def seconds(text: str) -> float:
    """Reads a time in seconds, 0 or more."""
    return _number(text, "a number of seconds, 0 or more", lambda value: 0 <= value < float("inf"))


def speed(text: str) -> float:
    """Reads a factor of speed above 0; infinite for "max"."""
    if text == "max":
        return float("inf")
    return _number(text, 'a number above 0, or "max"', lambda value: 0 < value < float("inf"))


def _number(text: str, limit: str, fits: Callable[[float], bool]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not fits(value):
        raise ValueError(f"must be {limit}, and is {text[:100]!r}")
    return value


def address(text: str) -> str:
    """Reads HOST:PORT; the host of an IPv6 address is in brackets: "[::1]:50051"."""
    host, colon, port = text.rpartition(":")
    try:
        between(0, 65535)(port)
    except ValueError:
        colon = ""
    if not host or not colon or (":" in host and not (host.startswith("[") and host.endswith("]"))):
        raise ValueError(f"must be HOST:PORT with a port from 0 to 65535, and is {text[:100]!r}")
    return text


def _switched(text: str) -> bool:
    if text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    raise ValueError(f"must be one of {', '.join(_TRUE + _FALSE)}, and is {text[:100]!r}")


def _reader(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """The function as argparse wants it, which keeps the text of an ArgumentTypeError alone."""

    def read_option(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read_option
