"""Plots of kept figures as SVG, on a light ground of their own so that they read on a dark page too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

OWN, OTHER, INK, GRID, BAR = "#4f46e5", "#94a3b8", "#0f172a", "#e2e8f0", "#dc2626"
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#475569",
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "#ffffff",
    "axes.facecolor": "#ffffff",
    "svg.hashsalt": "benchmarks",
}
ROOM_FOR_LABELS = 6.0


def throughput(figures: Mapping[str, Any], path: Path) -> None:
    """Bars by runtime, logarithmic: the runtimes are orders of magnitude apart."""
    panels = [
        ("throughput", "handler that does nothing, 4 partitions"),
        ("waiting", "handler that waits 0-5 ms, 1,000 keys, 1 partition"),
    ]
    shown = [(figures[name], title) for name, title in panels if figures.get(name)]
    with mpl.rc_context(STYLE):
        heights = [len(rates) for rates, _ in shown]
        figure = Figure(figsize=(9, 0.42 * sum(heights) + 1.1 * len(shown)), layout="constrained")
        axes = figure.subplots(len(shown), 1, squeeze=False, height_ratios=heights)
        for (rates, title), panel in zip(shown, axes[:, 0], strict=True):
            _bars(panel, {name: rate for name, rate in rates.items() if rate}, title)
        figure.align_labels()
        _save(figure, path)


def _bars(axes: Axes, rates: Mapping[str, float], title: str) -> None:
    ordered = sorted(rates.items(), key=lambda one: one[1])
    names, values = [name for name, _ in ordered], [value for _, value in ordered]
    bars = axes.barh(names, values, color=[OWN if name.startswith("keylane") else OTHER for name in names], height=0.7)
    axes.bar_label(bars, labels=[f"{value:,.0f}" for value in values], padding=4)
    axes.set_xscale("log")
    axes.set_xlim(left=10 ** math.floor(math.log10(min(values) * 0.8)), right=max(values) * ROOM_FOR_LABELS)
    axes.set_xlabel("records per second, median (logarithmic)")
    axes.set_title(title, loc="left", fontweight="bold", fontsize=10, pad=10)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    _grid(axes, "x")


def soak(figures: Mapping[str, Any], path: Path) -> None:
    """Resident memory over the soak, beside its bar."""
    samples: Sequence[Sequence[float]] = figures["rss_mib"]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot([second for second, _ in samples], [mib for _, mib in samples], color=OWN, linewidth=1.6)
        axes.axhline(figures["bar_mib"], color=BAR, linestyle="--", linewidth=1.2)
        axes.annotate(
            f"bar: {figures['bar_mib']:g} MiB", (samples[-1][0], figures["bar_mib"]), (0, 4),
            textcoords="offset points", color=BAR, ha="right",
        )  # fmt: skip
        axes.set_ylim(0, figures["bar_mib"] * 1.2)
        axes.set_xlim(left=0)
        axes.set_xlabel("seconds under full load")
        axes.set_ylabel("resident memory, MiB")
        _grid(axes, "y")
        _save(figure, path)


def growth(figures: Mapping[str, Any], path: Path) -> None:
    """Allocations per second by number of trainers, beside the bare writes."""
    points: Sequence[Mapping[str, Any]] = figures["growth"]
    trainers = [point["trainers"] for point in points]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        axes = figure.subplots()
        for name, label, colour in (("bare", "the bare writes", OTHER), ("rate", "end to end", OWN)):
            shown = [(point["trainers"], point[name]) for point in points if point[name] is not None]
            axes.plot(*zip(*shown, strict=True), marker="o", color=colour, linewidth=1.6)
            axes.annotate(label, shown[0], (2, 9), textcoords="offset points", color=INK)
        axes.set_xscale("log")
        axes.set_ylim(0, max(max(point["bare"] or 0.0, point["rate"]) for point in points) * 1.25)
        axes.set_xticks(trainers, [f"{count:,.0f}" for count in trainers])
        axes.set_xlabel("trainers (logarithmic)")
        axes.set_ylabel("allocations per second")
        _grid(axes, "y")
        _save(figure, path)


def _grid(axes: Axes, which: Any) -> None:
    axes.grid(axis=which, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def _save(figure: Figure, path: Path) -> None:
    """Without the date: an unchanged figure is an unchanged file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    figure.savefig(path, metadata=metadata, dpi=110)
