"""Settings of a system, from the spec, the environment and a `.env` file; secrets never show themselves."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from syncline_runtime.declaration import FromEnvironment, Literally, System
from syncline_runtime.ports import SystemFailure


class SecretText:
    """A text that is shown as `***`; only `reveal()` tells it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself, for the request that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __format__(self, specification: str) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be copied or stored")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


Setting: TypeAlias = str | int | bool | SecretText
Settings: TypeAlias = Mapping[str, Setting]
"""The values of a system's settings by name."""


def environment(folder: Path | None = None) -> dict[str, str]:
    """The variables of the process, over those of `.env` in `folder` (default: the working directory).

    Raises SystemFailure, with the line, for a `.env` that cannot be read.
    """
    file = (folder or Path.cwd()) / ".env"
    return {**(dotenv(file) if file.is_file() else {}), **os.environ}


_LINE: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def dotenv(file: Path) -> dict[str, str]:
    """The variables of a `.env` file: `NAME=value` lines, `#` comments, values bare or in single or double quotes.

    Raises SystemFailure naming the line (never its text, which may hold a secret).
    """
    variables: dict[str, str] = {}
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SystemFailure(file.name, f"the file cannot be read ({type(error).__name__})") from None
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        parsed = _LINE.fullmatch(stripped)
        if parsed is None:
            raise SystemFailure(f"{file.name}:{number}", "this line is not `NAME=value`")
        variables[parsed[1]] = _unquoted(parsed[2], f"{file.name}:{number}")
    return variables


def _unquoted(text: str, where: str) -> str:
    quote = text[:1]
    if quote not in ("'", '"'):
        return text.split(" #", 1)[0].rstrip()
    end = text.find(quote, 1)
    rest = text[end + 1 :].strip()
    if end < 0 or (rest and not rest.startswith("#")):
        raise SystemFailure(where, "the quoted value is not closed, or something follows it")
    return text[1:end]


def resolve(system: System, variables: Mapping[str, str], file: Path = Path(".env")) -> dict[str, Setting]:
    """The settings of `system`. Raises SystemFailure naming the first one whose variable is not set or is empty, and the file in
    which it could stand."""
    settings: dict[str, Setting] = {}
    for name, source in system.settings.items():
        match source:
            case Literally(value):
                settings[name] = value
            case FromEnvironment(variable, secret, kind):
                value = variables.get(variable, "")
                if not value:
                    raise SystemFailure(
                        system.account,
                        "a setting has no value",
                        setting=name,
                        remedy=f"set the environment variable {variable}, or put {variable}=… into the file {file}",
                    )
                settings[name] = SecretText(value) if secret else _typed(system.account, name, kind, variable, value)
    return settings


PLAIN_URL: Final = re.compile(
    r"https?://(?:127\.0\.0\.1|(?:(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9]{0,62}))"
    r"(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}))?(?:/[A-Za-z0-9._~/-]*)?"
).fullmatch
"""Addresses that need no closer look; what does not match may still be one."""


def _typed(system: str, name: str, kind: str, variable: str, text: str) -> str | int | bool:
    """The value that a variable's text spells. Raises SystemFailure where it spells none of its kind."""
    if kind not in ("integer", "boolean", "url") or (kind == "url" and PLAIN_URL(text.strip())):
        return text.strip() if kind == "url" else text
    # It alone would cost a run with nothing to do a quarter of its time.
    from pydantic import AnyHttpUrl, TypeAdapter, ValidationError

    types: dict[str, type] = {"integer": int, "boolean": bool, "url": AnyHttpUrl}
    try:
        found: object = TypeAdapter(types[kind]).validate_strings(text.strip())
    except ValidationError as error:
        raise SystemFailure(
            system,
            f"a setting is no {kind}: {error.errors(include_input=False)[0]['msg'].lower()}",
            setting=name,
            remedy=f"mend the environment variable {variable}",
        ) from None
    # The address as it was given: the validated form adds a slash.
    return found if isinstance(found, int) else text.strip()


def plain(setting: Setting) -> str | int | bool:
    """The value for use in a request."""
    return setting.reveal() if isinstance(setting, SecretText) else setting


def required_text(system: str, settings: Settings, name: str) -> str:
    """A setting that the protocol cannot do without. Raises SystemFailure naming it."""
    if name not in settings:
        raise SystemFailure(system, "the connector needs a setting that the system does not give", setting=name)
    return str(plain(settings[name]))
