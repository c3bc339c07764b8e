"""Connectors: from the generic body that was parsed to a declaration the runtime executes and a model the checks reason about.

| in a connector | says |
|---|---|
| `setting NAME : KIND` | what an instance must be given: text, url, secret, integer, boolean, path; `?`: optional |
| `base "{url}/api"` | where all paths begin |
| `auth login { POST "…" { … }, token "path" as header "Authorization", refresh on 401 }` | a call that answers a token |
| `auth bearer NAME`, `auth header "X-Key" "{key}"`, `auth basic "{user}:{password}"` | a header made from settings |
| `rate 300 per 10 seconds`, `throttle 429`, `timeout 30 seconds`, `concurrency 4` | how often and how long |
| `error { message: "path", fields: "path", code: "path", in_success: "path" }` | where an answer carries its error |
| `null { text: "", number: 0 }`, `spelling { instant: spaced }` | how this system spells values |
| `null { absent }` | it leaves out what is null; `null { absent, text: "" }`: and a text is emptied by "" |
| `webhooks standard signed by NAME` | it calls us when something changed, signed with that secret as Standard Webhooks are; also |
| | `stripe`, `shopify`, and `hubspot … at NAME`, which signs the address that it calls, a `url` setting |
| `pii never` | no personal data may be sent there; in `extend`: to this system |
| `headers { "X-Version": "3" }`, `encoding form` | what every call carries |
| `resource …` | see `resources.py` |
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.model.spec import ConnectorModel, ResourceModel, SettingModel
from syncline.resolving.directives import (
    body,
    constant,
    item_name,
    numbers,
    object_body,
    seconds,
    word_text,
)
from syncline.resolving.findings import Findings
from syncline.resolving.natives import Spelling
from syncline.resolving.resources import Template, places_of, resolve_resource
from syncline.syntax import declarations as syntax
from syncline.syntax.expressions import Name, Text
from syncline_runtime import declaration as runtime
from syncline_runtime.codecs import WIRE

PROTOCOLS = ("rest", "jsonrpc", "sql", "files")
LATER_PROTOCOLS = ("graphql", "odata", "soap", "inbox")
SETTING_KINDS = ("text", "url", "secret", "integer", "boolean", "path")
WORDS = (
    "setting", "base", "auth", "rate", "throttle", "timeout", "concurrency", "error", "null", "spelling", "headers",
    "encoding", "webhooks", "pii", "resource",
)  # fmt: skip
NULL_KINDS = {
    "text": ("text", "email", "phone", "url", "uuid", "country", "currency", "language", "enum"),
    "number": ("integer", "decimal", "percent"),
    "date": ("date", "instant", "local_time"),
    "boolean": ("boolean",),
}
NULL_SPELLINGS = (("", "blank"), (0, "zero"), (False, "false"))


def resolve_connector(node: syntax.Connector) -> tuple[ConnectorModel, tuple[Diagnostic, ...]]:
    """The model of a connector, as far as its body makes sense, and what does not."""
    findings = Findings()
    protocol = _protocol(node, findings)
    settings: dict[str, SettingModel] = {}
    fields: dict[str, object] = {}
    spelling: dict[str, str] = {}
    nulls: dict[str, str] = {}
    absent = False
    resource_nodes: list[syntax.Directive] = []
    hooks: list[syntax.Directive] = []
    cleared = True
    for item in node.items:
        name = item_name(item)
        match item:
            case syntax.Property(kind=Name(text="setting")):
                setting = _setting(item, findings)
                settings[setting.name] = setting
            case syntax.Directive() if name == "resource":
                resource_nodes.append(item)
            case syntax.Directive() if name == "null":
                nulls |= _nulls(item, findings)
                absent = absent or any(item_name(entry) == "absent" for entry in item.items or ())
            case syntax.Directive() if name == "spelling":
                spelling |= _spellings(item, findings)
            case syntax.Directive() if name == "pii":
                cleared = not never_pii(item, findings) and cleared
            case syntax.Directive() if name == "webhooks":
                hooks.append(item)
            case syntax.Directive() if name in WORDS:
                fields |= _connector_word(item, name, findings)
            case _:
                findings.unknown_word("connector", name, item.name.span, WORDS)
    for hook in hooks:
        fields |= _webhooks(hook, settings, findings)
    declared = runtime.Connector(name=node.name.text, protocol=protocol, **fields)  # type: ignore[arg-type]
    wires = Spelling(protocol, spelling, nulls, absent)
    templates: dict[str, Template] = {}
    resources: dict[str, ResourceModel] = {}
    for resource_node in resource_nodes:
        resolve_resource(resource_node, wires, templates, resources, findings)
    model = ConnectorModel(
        name=node.name.text,
        settings=settings,
        resources=resources,
        declaration=declared,
        span=node.name.span,
        spelling=wires,
        templates=templates,
        places=places_of([item for item in node.items if item_name(item) != "resource"]),
        cleared_for_pii=cleared,
    )
    return model, findings.all()


def extend_resources(
    connector: ConnectorModel, resources: Mapping[str, ResourceModel], items: Sequence[syntax.Item]
) -> tuple[Mapping[str, ResourceModel], tuple[Diagnostic, ...]]:
    """A system's resources with what `extend` adds: fields of a known resource, or new ones made `like` a template. What it says
    of the system itself (`pii never`) is read by `refuses_pii`."""
    findings = Findings()
    extended = dict(resources)
    for item in items:
        if isinstance(item, syntax.Directive) and item.name.text == "resource":
            resolve_resource(item, connector.spelling, dict(connector.templates), extended, findings, extending=True)
        elif isinstance(item, syntax.Directive) and item.name.text == "pii":
            never_pii(item, findings)
        else:
            findings.unknown_word("extend", item_name(item), item.name.span, ("resource", "pii"))
    return extended, findings.all()


def refuses_pii(items: Sequence[syntax.Item]) -> bool:
    """Whether an `extend` says that no personal data may be sent to the system."""
    return any(isinstance(item, syntax.Directive) and item.name.text == "pii" for item in items)


def _protocol(node: syntax.Connector, findings: Findings) -> Literal["rest", "jsonrpc", "sql", "files"]:
    name = node.protocol.text
    if name in LATER_PROTOCOLS:
        findings.report("not-yet.protocol", node.protocol.span, protocol=name, known=PROTOCOLS)
    elif name not in PROTOCOLS:
        findings.unknown_word("protocol", name, node.protocol.span, PROTOCOLS)
    match name:
        case "jsonrpc" | "sql" | "files":
            return name
        case _:
            return "rest"


def _setting(item: syntax.Property, findings: Findings) -> SettingModel:
    kind = word_text(item.value) or ""
    if kind not in SETTING_KINDS:
        findings.unknown_word("setting kind", kind, item.span, SETTING_KINDS)
    return SettingModel(name=item_name(item), kind=kind, required=not item.optional, span=item.name.span)


def _connector_word(item: syntax.Directive, name: str, findings: Findings) -> dict[str, object]:
    """The fields of `runtime.Connector` that one directive sets."""
    words = item.words
    match name:
        case "base" if len(words) == 1 and isinstance(words[0], Text):
            return {"base": runtime.Text(words[0].value)}
        case "auth" if words:
            auth = _auth(item, findings)
            return {"auth": auth} if auth else {}
        case "rate" if len(words) == 3 and word_text(words[1]) == "per":
            calls, per = constant(words[0]), seconds(words[2])
            if isinstance(calls, int) and per:
                return {"rate": runtime.Rate(calls=calls, seconds=per)}
        case "throttle" if statuses := numbers(words):
            for status in statuses:
                if status in NOBODY_KNOWS:
                    findings.report("connector.retry-unknown", item.span, status=status)
            return {"throttle": statuses}
        case "timeout" if len(words) == 1 and (limit := seconds(words[0])):
            return {"timeout_seconds": limit}
        case "concurrency" if len(words) == 1 and isinstance(at_once := constant(words[0]), int) and at_once > 0:
            return {"concurrency": at_once}
        case "error" if item.items is not None:
            return {"errors": _errors(item, findings)}
        case "headers" if item.items is not None:
            return {"headers": {key: _as_text(value) for key, value in object_body(item.items, {}).items()}}
        case "encoding" if len(words) == 1 and word_text(words[0]) in ("json", "form"):
            return {"encoding": word_text(words[0])}
    findings.malformed(name, item.span, EXPECTED[name])
    return {}


NOBODY_KNOWS = (408, 500, 502, 504)
"""Statuses that do not say whether the request was carried out."""

EXPECTED = {
    "setting": "setting url : url",
    "base": 'base "{url}/api"',
    "auth": "auth bearer token",
    "rate": "rate 300 per 10 seconds",
    "throttle": "throttle 429",
    "timeout": "timeout 30 seconds",
    "concurrency": "concurrency 4",
    "error": 'error { message: "message" }',
    "headers": 'headers { "X-Version": "3" }',
    "encoding": "encoding form",
    "webhooks": "webhooks standard signed by hook_secret",
    "pii": "pii never",
    "token": 'token "token" as header "Authorization"',
    "refresh": "refresh on 401",
    "null": 'null { text: "" }',
    "spelling": "spelling { decimal: text }",
}


def _webhooks(item: syntax.Directive, settings: Mapping[str, SettingModel], findings: Findings) -> dict[str, object]:
    words = [word_text(word) for word in item.words]
    match words:
        case [str(scheme), "signed", "by", str()] | [str(scheme), "signed", "by", str(), "at", str()] if (
            scheme not in runtime.SCHEMES
        ):
            findings.unknown_word("webhook scheme", scheme, item.words[0].span, runtime.SCHEMES)
        case ["hubspot", "signed", "by", str(name), "at", str(address)]:
            secret = _has_setting(name, "secret", item.words[3], settings, findings)
            where = _has_setting(address, "url", item.words[5], settings, findings)
            if secret and where:
                return {"webhooks": runtime.Webhooks(scheme="hubspot", secret=name, address=address)}
        case ["hubspot", *_]:
            findings.malformed("webhooks", item.span, "webhooks hubspot signed by client_secret at webhook_url")
        case ["standard" | "stripe" | "shopify" as scheme, "signed", "by", str(name)]:
            if _has_setting(name, "secret", item.words[3], settings, findings):
                return {"webhooks": runtime.Webhooks(scheme=scheme, secret=name)}
        case _:
            findings.malformed("webhooks", item.span, EXPECTED["webhooks"])
    return {}


def _has_setting(
    name: str, kind: str, word: syntax.Word, settings: Mapping[str, SettingModel], findings: Findings
) -> bool:
    """Whether a setting of a kind has this name; told if none has."""
    known = [setting.name for setting in settings.values() if setting.kind == kind]
    if name not in known:
        findings.unknown_word(f"{kind} setting", name, word.span, known)
    return name in known


def never_pii(item: syntax.Directive, findings: Findings) -> bool:
    """Whether a `pii` line is one that says `pii never`; anything else is reported."""
    if [word_text(word) for word in item.words] == ["never"]:
        return True
    findings.malformed("pii", item.span, EXPECTED["pii"])
    return False


def _as_text(value: "runtime.Body") -> runtime.Text:
    return value if isinstance(value, runtime.Text) else runtime.Text(str(value))


def _errors(item: syntax.Directive, findings: Findings) -> runtime.Errors:
    known = ("message", "fields", "code", "in_success", "stale")
    found: dict[str, object] = {}
    for entry in item.items or ():
        name = item_name(entry)
        if name not in known:
            findings.unknown_word("error", name, entry.name.span, known)
        elif isinstance(entry, syntax.Property):
            value = body(entry.value, {})
            found[name] = value if name != "stale" else value if isinstance(value, tuple) else (value,)
    return runtime.Errors(**found)  # type: ignore[arg-type]


def _auth(item: syntax.Directive, findings: Findings) -> "runtime.Login | runtime.HeaderAuth | None":
    words = item.words
    kind = word_text(words[0]) or ""
    known = ("login", "bearer", "header", "basic")
    rest = [word_text(word) for word in words[1:]]
    match kind, rest:
        case "login", []:
            return _login(item, findings)
        case "bearer", [str(name)]:
            return runtime.HeaderAuth(header="Authorization", value=runtime.Text(f"Bearer {{{name}}}"))
        case "header", [str(header), str(template)]:
            return runtime.HeaderAuth(header=header, value=runtime.Text(template))
        case "basic", [str(template)]:
            return runtime.HeaderAuth(header="Authorization", value=runtime.Text(template), encode="basic")
    if kind in known:
        findings.malformed("auth", item.span, EXPECTED["auth"])
    else:
        findings.unknown_word("auth", kind, words[0].span, known)
    return None


def _login(item: syntax.Directive, findings: Findings) -> "runtime.Login | None":
    call: runtime.Call | None = None
    found: dict[str, object] = {}
    for entry in item.items or ():
        name = item_name(entry)
        match entry:
            case syntax.Directive(words=[Text(value=target), *parameters]) if name.isupper():
                payload: runtime.Body = object_body(entry.items, {}) if entry.items is not None else None
                if parameters:
                    payload = body(parameters[0], {})
                call = runtime.Call(verb=name, target=runtime.Text(target), body=payload)
            case syntax.Directive(words=[Text(value=token), *words]) if name == "token":
                found["token"] = runtime.Text(token) if "{" in token else token
                found |= _token_words([word_text(word) or "" for word in words], entry, findings)
            case syntax.Directive(words=[_, *statuses]) if name == "refresh" and numbers(statuses):
                found["refresh_on"] = numbers(statuses)
            case _ if name in ("token", "refresh"):
                findings.malformed(name, entry.span, EXPECTED[name])
            case _:
                findings.unknown_word("auth login", name, entry.name.span, ("POST", "CALL", "token", "refresh"))
    if call is None or "token" not in found:
        findings.malformed(
            "auth", item.span, 'auth login { POST "/login" { user: user }, token "token" as header "Authorization" }'
        )
        return None
    return runtime.Login(call=call, **found)  # type: ignore[arg-type]


def _token_words(words: list[str], entry: syntax.Directive, findings: Findings) -> dict[str, object]:
    found: dict[str, object] = {}
    while words:
        match words:
            case ["base64", *rest]:
                found["encode"] = "base64"
            case ["as", "header", name, *rest]:
                found["header"] = name
            case ["prefix", prefix, *rest]:
                found["prefix"] = prefix
            case _:
                findings.malformed("token", entry.span, EXPECTED["token"])
                return found
        words = rest
    return found


def _nulls(item: syntax.Directive, findings: Findings) -> dict[str, str]:
    """`null { text: "", number: 0 }` as null spellings of the kinds it speaks of."""
    found: dict[str, str] = {}
    for entry in item.items or ():
        name = item_name(entry)
        if name == "absent" and isinstance(entry, syntax.Directive) and not entry.words and entry.items is None:
            continue
        value = constant(entry.value) if isinstance(entry, syntax.Property) else None
        spelled = next((text for shape, text in NULL_SPELLINGS if type(shape) is type(value) and shape == value), None)
        if name not in NULL_KINDS:
            findings.unknown_word("null", name, entry.name.span, (*NULL_KINDS, "absent"))
        elif spelled is None:
            findings.malformed("null", entry.span, EXPECTED["null"])
        else:
            found |= dict.fromkeys(NULL_KINDS[name], spelled)
    return found


def _spellings(item: syntax.Directive, findings: Findings) -> dict[str, str]:
    found: dict[str, str] = {}
    kinds = {kind for kind, _ in WIRE}
    for entry in item.items or ():
        kind = item_name(entry)
        spelled = word_text(entry.value) if isinstance(entry, syntax.Property) else None
        known = sorted(spelling for wire_kind, spelling in WIRE if wire_kind == kind)
        if kind not in kinds:
            findings.unknown_word("kind of value", kind, entry.name.span, kinds)
        elif spelled is None:
            findings.malformed("spelling", entry.span, EXPECTED["spelling"])
        elif spelled not in known:
            findings.unknown_word(f"spelling of {kind}", spelled, entry.span, known)
        else:
            found[kind] = spelled
    return found
