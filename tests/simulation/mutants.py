"""Executors without one of their protections each: the invariants must notice."""

from collections.abc import Mapping

from syncline_runtime.executing.protections import Protections
from syncline_runtime.simulation.remote import Carelessness
from syncline_runtime.simulation.schedule import Profile


def without(name: str) -> Profile:
    """A profile in which one protection is off."""
    return Profile(protections=Protections(**{name: False}))


MUTANTS: Mapping[str, Profile] = {
    "shadow_is_sent": without("stored_shadow"),
    "webhook_payload": Profile(carelessness=Carelessness(payloads=True), channels="hooks"),
    "no_intent": without("intents"),
    "no_barrier": without("barrier"),
    "delete_on_absence": without("confirmed"),
    "no_guard": without("guard"),
    "absorb_response": without("sent_only"),
    "no_stale_filter": without("fresh_only"),
    "no_lagwait": without("lag"),
    "recover_absorb": without("recovered_base"),
    "strict_cursor": Profile(carelessness=Carelessness(strict=True)),
    "late_echo": without("early_echo"),
    "stored_work": without("derived"),
    "single_404": without("twice"),
    "no_racy": without("content"),
    "drop_failed": without("failed_again"),
    "no_overlap": Profile(carelessness=Carelessness(no_overlap=True)),
    "whole_set_echo": without("by_element"),
    "forget_orphans": without("orphans"),
    "echo_keeps_asof": without("echo_ages"),
    "no_reserve": without("reserved"),
    "explain_for_ever": without("once"),
    "no_holdoff": without("hold_off"),
}
