"""Receivers of mongoengine's signals; blinker is optional, and without it there are none."""

from collections.abc import Callable, Collection, Iterable
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

    def restore(self, stays: Callable[[Any], bool], gone: Collection[int]) -> None:
        """Disconnect later receivers and connect again those that were disconnected since.

        Args:
            stays: which later receivers are kept all the same.
            gone: identities of the senders that are no more.
        """
        for signal, (receivers, by_receiver, by_sender) in self._kept:
            kept = _connections(signal, stays, gone)
            alive = {key for key, receiver in receivers.items() if _called(receiver) is not None}
            signal.receivers.clear()
            signal.receivers.update({key: value for key, value in receivers.items() if key in alive})
            _refill(signal._by_receiver, by_receiver, keys=alive)  # noqa: SLF001 - blinker has no public snapshot
            _refill(signal._by_sender, by_sender, members=alive)  # noqa: SLF001 - as above
            for key, receiver, sender in kept:
                signal.receivers[key] = receiver
                signal._by_receiver[key].add(sender)  # noqa: SLF001 - as above
                signal._by_sender[sender].add(key)  # noqa: SLF001 - as above


def _connections(signal: Any, stays: Callable[[Any], bool], gone: Collection[int]) -> list[tuple[Any, Any, Any]]:
    return [
        (key, receiver, sender)
        for key, receiver in signal.receivers.items()
        if stays(_called(receiver))
        for sender in signal._by_receiver[key]  # noqa: SLF001 - as above
        if sender not in gone
    ]


def _called(receiver: Any) -> Any:
    """What blinker calls: it holds most receivers weakly; None for one that is collected."""
    return receiver() if hasattr(receiver, "__callback__") else receiver


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
