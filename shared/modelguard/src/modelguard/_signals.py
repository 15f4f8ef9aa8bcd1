"""Receivers of mongoengine's signals; blinker is optional, and without it there are none."""

from collections.abc import Iterable
from typing import Any

from mongoengine import signals


def stop_listening(fields: Iterable[Any]) -> None:
    """Disconnect the listeners that cached reference fields have started."""
    if not signals.signals_available:
        return
    for field in fields:
        signals.post_save.disconnect(field.on_document_pre_save)


class Receivers:
    """Who listens to mongoengine's signals at one moment."""

    def __init__(self) -> None:
        self._kept = [(signal, _maps(signal)) for signal in _all_signals()]

    def restore(self) -> None:
        """Disconnect later receivers and connect again those that were disconnected since."""
        for signal, (receivers, by_receiver, by_sender) in self._kept:
            alive = {key for key, receiver in receivers.items() if not hasattr(receiver, "__callback__") or receiver()}
            signal.receivers.clear()
            signal.receivers.update({key: value for key, value in receivers.items() if key in alive})
            _refill(signal._by_receiver, by_receiver, keys=alive)  # noqa: SLF001 - blinker has no public snapshot
            _refill(signal._by_sender, by_sender, members=alive)  # noqa: SLF001 - as above


def _all_signals() -> list[Any]:
    if not signals.signals_available:
        return []
    return [value for value in vars(signals).values() if hasattr(value, "receivers_for")]


def _maps(signal: Any) -> tuple[dict[Any, Any], dict[Any, set[Any]], dict[Any, set[Any]]]:
    by_receiver, by_sender = signal._by_receiver, signal._by_sender  # noqa: SLF001 - as above
    return dict(signal.receivers), _copy(by_receiver), _copy(by_sender)


def _copy(entries: Any) -> dict[Any, set[Any]]:
    return {key: set(values) for key, values in entries.items()}


def _refill(mapping: Any, entries: dict[Any, set[Any]], keys: Any = None, members: Any = None) -> None:
    mapping.clear()
    for key, values in entries.items():
        kept = values if members is None else values & members
        if kept and (keys is None or key in keys):
            mapping[key].update(kept)
