"""Webhooks as they should be, and with one thing wrong."""

import hmac
import json
import random
from base64 import b64encode
from hashlib import sha256

from syncline_runtime.declaration import Hook, Resource, Scheme

KEY = b"0123456789abcdef0123456789abcdef"
NOW = 1_800_000_000.0
ADDRESS = "https://sync.example.com/webhooks/crm"
PEOPLE = Resource(
    name="people", identity="id", fields={}, webhook=Hook(id="data.id", event="type", events=("person.updated",))
)
ORDERS = Resource(name="orders", identity="id", fields={}, webhook=Hook(id="data.orders.*.id"))
SILENT = Resource(name="silent", identity="id", fields={})
RESOURCES = {"people": PEOPLE, "orders": ORDERS, "silent": SILENT}
BODY = json.dumps({"type": "person.updated", "data": {"id": "7", "name": "Ana"}}).encode()


def signature(body: bytes, event_id: str = "msg_1", at: float = NOW, key: bytes = KEY) -> str:
    """As of Standard Webhooks."""
    digest = hmac.new(key, f"{event_id}.{int(at)}.".encode() + body, sha256).digest()
    return "v1," + b64encode(digest).decode()


def signed(
    body: bytes = BODY, event_id: str = "msg_1", at: float = NOW, key: bytes = KEY, scheme: Scheme = "standard"
) -> dict[str, str]:
    """The headers of a genuine call."""

    def code(text: bytes) -> bytes:
        return hmac.new(key, text, sha256).digest()

    match scheme:
        case "standard":
            return {
                "webhook-id": event_id,
                "webhook-timestamp": str(int(at)),
                "webhook-signature": signature(body, event_id, at, key),
            }
        case "stripe":
            return {"stripe-signature": f"t={int(at)},v1={code(f'{int(at)}.'.encode() + body).hex()}"}
        case "hubspot":
            sent = str(int(at * 1000))
            digest = code(f"POST{ADDRESS}".encode() + body + sent.encode())
            return {"x-hubspot-request-timestamp": sent, "x-hubspot-signature-v3": b64encode(digest).decode()}
        case "shopify":
            return {"x-shopify-hmac-sha256": b64encode(code(body)).decode()}


def mutated(chance: random.Random, scheme: Scheme) -> tuple[dict[str, str], bytes]:
    """A genuine call with one thing wrong in its headers or its body."""
    while True:
        headers, body = _mutated(chance, scheme)
        if headers != signed(scheme=scheme) or body != BODY:
            return headers, body


def _mutated(chance: random.Random, scheme: Scheme) -> tuple[dict[str, str], bytes]:
    headers, body = signed(scheme=scheme), bytearray(BODY)
    match chance.randrange(6):
        case 0:
            at = chance.randrange(len(body))
            body[at] ^= 1 << chance.randrange(8)
        case 1:
            del body[chance.randrange(len(body)) :]
        case 2:
            body += bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
        case 3:
            name = chance.choice(list(headers))
            text = list(headers[name])
            at = chance.randrange(len(text))
            text[at] = chr(chance.choice((chance.randrange(32, 127), chance.randrange(0x100, 0x2000))))
            headers[name] = "".join(text)
        case 4:
            del headers[chance.choice(list(headers))]
        case _:
            headers[list(headers)[-1]] = "".join(chr(chance.randrange(32, 0x500)) for _ in range(chance.randrange(80)))
    return headers, bytes(body)
