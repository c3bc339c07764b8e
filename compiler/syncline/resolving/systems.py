"""Systems: instances of connectors with their settings."""

import re
from collections.abc import Mapping
from typing import Final

from syncline.diagnostics.diagnostic import Label
from syncline.model.spec import ConnectorModel, ResourceModel, SettingModel, System
from syncline.resolving.constants import described, number_of
from syncline.resolving.scope import Scope
from syncline.source import Span
from syncline.syntax import Boolean, Call, Entry, Expression, Name, Path, Text
from syncline.syntax import System as SystemNode
from syncline_runtime.declaration import WAYS, FromEnvironment, Literally, SettingSource

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch
_LOOPBACK: Final = frozenset(("localhost", "127.0.0.1", "::1"))


def resolve_system(
    node: SystemNode, connector: ConnectorModel, resources: Mapping[str, ResourceModel], scope: Scope
) -> System:
    """The system that a declaration describes; `resources` are the connector's and what `extend` adds to them."""
    settings: dict[str, SettingSource] = {}
    written: dict[str, Span] = {}
    ways = _ways(connector)
    for entry in node.settings.entries:
        key = entry.key
        name = key.text if isinstance(key, Name) else key.value if isinstance(key, Text) else key.span.text
        asked = connector.settings.get(name) or ways.get(name)
        if asked is None:
            label = Label(connector.span, "connector-declared-here")
            scope.findings.unknown(
                "setting.unknown", name, key.span, {**connector.settings, **ways}, label, connector=connector.name
            )
        elif name in written:
            scope.findings.report(
                "name.duplicate", key.span, Label(written[name], "declared-here"), name=name, kind="setting"
            )
        else:
            written[name] = key.span
            source = _setting(entry, asked, connector, scope)
            if source is not None:
                settings[name] = source
    for name, asked in connector.settings.items():
        if name in written:
            continue
        if asked.default is not None:
            settings[name] = Literally(asked.default)
        elif asked.required:
            label = Label(asked.span, "setting-declared-here")
            scope.findings.report(
                "setting.missing",
                node.name.span,
                label,
                name=name,
                kind=asked.kind,
                system=node.name.text,
                connector=connector.name,
            )
    return System(name=node.name.text, connector=connector, settings=settings, resources=resources, span=node.name.span)


def _ways(connector: ConnectorModel) -> Mapping[str, SettingModel]:
    """What every system behind HTTP may be given, whatever its connector asks for: how it is reached."""
    if connector.declaration.protocol not in ("rest", "jsonrpc"):
        return {}
    return {
        name: SettingModel(name=name, kind=kind, required=False, span=connector.span) for name, kind in WAYS.items()
    }


def _setting(entry: Entry, asked: SettingModel, connector: ConnectorModel, scope: Scope) -> SettingSource | None:
    match entry.value:
        case Call(function=Name(text="secret" | "env")) as call:
            return _from_environment(call, asked, scope)
        case Call(function=function):
            scope.findings.unknown("name.unknown-function", function.text, function.span, ("secret", "env"))
            return None
        case _ if asked.kind == "secret":
            label = Label(asked.span, "setting-declared-here")
            scope.findings.report("secret.literal", entry.value.span, label, name=asked.name, problem="literal")
            return None
    value = _literal(entry.value, asked.kind)
    if value is None:
        _mistyped(entry.value.span, asked, scope, "kind", described(entry.value))
        return None
    if (
        asked.kind == "url"
        and isinstance(value, str)
        and not _sound_url(value, entry.value.span, asked, connector, scope)
    ):
        return None
    return Literally(value)


def _from_environment(call: Call, asked: SettingModel, scope: Scope) -> SettingSource | None:
    secret = call.function.text == "secret"
    match call.arguments:
        case (argument,) if (
            argument.name is None and isinstance(argument.value, Text) and _VARIABLE(argument.value.value)
        ):
            variable = argument.value.value
        case _:
            scope.findings.report("setting.variable", call.span, name=asked.name, function=call.function.text)
            return None
    if asked.kind == "secret" and not secret:
        label = Label(asked.span, "setting-declared-here")
        scope.findings.report("secret.literal", call.span, label, name=asked.name, problem="env", variable=variable)
        return None
    return FromEnvironment(variable, secret, "text" if secret else asked.kind)  # type: ignore[arg-type]


def _literal(node: Expression, kind: str) -> str | int | bool | None:
    match node:
        case Text(value=text) if kind in ("text", "url", "path"):
            return text
        case Boolean(value=yes) if kind == "boolean":
            return yes
        case Path(steps=(Name(),)):
            return None
        case _ if kind == "integer":
            number = number_of(node)
            return int(number) if number is not None and number == number.to_integral_value() else None
    return None


def _mistyped(span: Span, asked: SettingModel, scope: Scope, problem: str, found: str = "") -> None:
    label = Label(asked.span, "setting-declared-here")
    scope.findings.report(
        "setting.type", span, label, name=asked.name, expected=asked.kind, found=found, problem=problem
    )


def _sound_url(url: str, span: Span, asked: SettingModel, connector: ConnectorModel, scope: Scope) -> bool:
    from urllib.parse import urlsplit  # a URL that stands in the spec is rare

    try:
        parts = urlsplit(url)
        host, password = parts.hostname, parts.password
    except ValueError:
        _mistyped(span, asked, scope, "malformed")
        return False
    if password is not None:
        scope.findings.report("secret.literal", span, name=asked.name, problem="in-url")
        return False
    if connector.declaration.protocol not in ("rest", "jsonrpc"):
        return True
    if parts.scheme not in ("http", "https") or not host:
        _mistyped(span, asked, scope, "no-http" if parts.scheme else "no-scheme")
        return False
    if asked.name in WAYS:  # through a proxy, https is a tunnel
        return True
    if parts.scheme == "http" and host not in _LOOPBACK and not _is_loopback(host):
        scope.findings.report("url.insecure", span, name=asked.name, host=host)
        return False
    return True


def _is_loopback(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdecimal() and int(part) < 256 for part in parts)
