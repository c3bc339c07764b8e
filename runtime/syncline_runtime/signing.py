"""How systems sign what they call about: a closed set of schemes, all of them HMAC-SHA256 over bytes that the body is part of.

| scheme | header | signed | source |
|---|---|---|---|
| `standard` | `webhook-id`, `-timestamp`, `-signature` | `id.timestamp.body` | github.com/standard-webhooks |
| `stripe` | `Stripe-Signature: t=…,v1=hex` | `t.body` | docs.stripe.com/webhooks/signatures |
| `hubspot` | `X-HubSpot-Signature-v3`, `-Request-Timestamp` | `POST`, address, body, timestamp | developers.hubspot.com |
| `shopify` | `X-Shopify-Hmac-Sha256` | the body alone | shopify.dev |

Only what is signed is believed: an event is known by an id that is, or by a digest of what was signed.
"""

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from syncline_runtime.declaration import Scheme

TOLERANCE_SECONDS: Final = 300
_SHORTEST_KEY, _LONGEST_NAME, _MOST_SIGNATURES = 16, 255, 16
# HubSpot signs its address with these spelled out; the others stay encoded.
_SPELLED: Final = {f"%{ord(one):02X}": one for one in ":/?@!$'()*,;"}


class Rejected(Exception):
    """The webhook is not one of the system's own, or not one of now."""


@dataclass(frozen=True, slots=True, repr=False)
class Signing:
    """What calls of one system are verified with; `address` is where it calls, for the scheme that signs it."""

    scheme: Scheme
    key: bytes
    address: str = ""


def signing(scheme: Scheme, secret: str, address: str = "") -> Signing:
    """The signing of a secret as the system shows it. Raises ValueError for one that protects nothing."""
    if scheme == "standard":
        try:
            key = b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            raise ValueError(
                "the signing secret is no base64: copy it as the system shows it, `whsec_` included"
            ) from None
    else:
        key = secret.strip().encode()
    if len(key) < _SHORTEST_KEY:
        raise ValueError(f"the signing secret is shorter than {_SHORTEST_KEY} bytes: have the system make one")
    if scheme == "hubspot" and not address.startswith("https://"):
        raise ValueError(
            "the address that webhooks are sent to is signed with them: give it as HubSpot has it, https://…"
        )
    spelled = re.sub("%[0-9A-Fa-f]{2}", lambda found: _SPELLED.get(found[0].upper(), found[0]), address)
    return Signing(scheme, key, spelled)


def verified(signing: Signing, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The id of a genuine call; `headers` go by their names in lower case. Raises Rejected for any other."""
    match signing.scheme:
        case "standard":
            return _standard(signing.key, headers, body, now)
        case "stripe":
            return _stripe(signing.key, headers, body, now)
        case "hubspot":
            return _hubspot(signing, headers, body, now)
        case "shopify":
            return _shopify(signing.key, headers, body)


def _standard(key: bytes, headers: Mapping[str, str], body: bytes, now: float) -> str:
    event_id, sent, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not 0 < len(event_id) <= _LONGEST_NAME or not event_id.isascii() or not event_id.isprintable():
        raise Rejected("it has no id")
    _of_now(sent, 1, now)
    given = (one.partition(",") for one in signatures.split(" ")[:_MOST_SIGNATURES])
    _genuine(
        key,
        f"{event_id}.{sent}.".encode() + body,
        (encoded for version, _, encoded in given if version == "v1"),
        _base64,
    )
    return event_id


def _stripe(key: bytes, headers: Mapping[str, str], body: bytes, now: float) -> str:
    parts = [part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")]
    sent = [value for name, _, value in parts if name == "t"]
    if len(sent) != 1:
        raise Rejected("it does not say when it was sent")
    _of_now(sent[0], 1, now)
    signatures = [value for name, _, value in parts if name == "v1"][:_MOST_SIGNATURES]
    signed = f"{sent[0]}.".encode() + body
    _genuine(key, signed, signatures, bytes.hex)
    # A call that is repeated is signed anew: the event is what its body says.
    return _digest(body)


def _hubspot(signing: Signing, headers: Mapping[str, str], body: bytes, now: float) -> str:
    sent = headers.get("x-hubspot-request-timestamp", "")
    _of_now(sent, 1000, now)
    signed = f"POST{signing.address}".encode() + body + sent.encode()
    _genuine(signing.key, signed, [headers.get("x-hubspot-signature-v3", "")], _base64)
    return _digest(signed)


def _shopify(key: bytes, headers: Mapping[str, str], body: bytes) -> str:
    _genuine(key, body, [headers.get("x-shopify-hmac-sha256", "")], _base64)
    # Neither the id nor the time is signed: whoever heard one call could send it again under others.
    return _digest(body)


def _digest(signed: bytes) -> str:
    return f"sha256:{sha256(signed).hexdigest()}"


def _of_now(sent: str, per_second: int, now: float) -> None:
    if not sent.isascii() or not sent.isdecimal() or len(sent) > 16:
        raise Rejected("it does not say when it was sent")
    if abs(now - int(sent) / per_second) > TOLERANCE_SECONDS:
        raise Rejected("it was sent too long ago, or the clocks differ")


def _genuine(key: bytes, signed: bytes, signatures: Iterable[str], spelled: Callable[[bytes], str]) -> None:
    wanted = spelled(hmac.new(key, signed, sha256).digest()).encode()
    found = False
    for given in signatures:
        # Every signature is compared: the time taken says nothing of which one fits.
        found |= hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted)
    if not found:
        raise Rejected("its signature is not the system's")


def _base64(digest: bytes) -> str:
    return b64encode(digest).decode()
