"""Protections: the rules without which synchronizing goes wrong, each of which a test may switch off to see that it is missed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Protections:
    """All on, always: only tests of the tests make others.

    `intents`: a write is durable before it is sent. `barrier`: none is sent while another's outcome is unknown. `guard`: a record
    is read just before it is written. `stored_shadow`: the shadow is what the system stored, not what it was sent. `sent_only`: of
    an answer, only the fields that were sent are our own. `fresh_only`: what may be older than what is known is read again.
    `confirmed`: what a listing does not show is looked for by id. `twice`: it is gone when it was not found twice. `lag`: a create
    is not given up before it can have shown. `recovered_base`: of one that is found, what was sent is the base. `early_echo`: what
    a write in doubt explains is no edit, already before its outcome is known. `by_element`: sets are explained element by element.
    `once`: nothing is explained for ever. `echo_ages`: recognising an echo is news of when the record was seen. `derived`: work is
    found anew, never remembered. `failed_again`: what could not be read is read again. `orphans`: a create that lands after its
    link was closed makes no new record. `reserved`: a create in doubt reserves its keys. `hold_off`: a record waits for listings
    that lag. `unseen`: where a system does not say what it stored, the next reading does. `content`: what a record shows is
    compared, also where it bears the time of change that is known already.
    """

    intents: bool = True
    barrier: bool = True
    guard: bool = True
    stored_shadow: bool = True
    sent_only: bool = True
    fresh_only: bool = True
    confirmed: bool = True
    twice: bool = True
    lag: bool = True
    recovered_base: bool = True
    early_echo: bool = True
    by_element: bool = True
    once: bool = True
    echo_ages: bool = True
    derived: bool = True
    failed_again: bool = True
    orphans: bool = True
    reserved: bool = True
    hold_off: bool = True
    unseen: bool = True
    content: bool = True


ALL = Protections()
