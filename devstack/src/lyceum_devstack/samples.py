"""The sample files of the checkout that this package was installed from."""

from pathlib import Path

EXAMPLES = Path(__file__).parents[3] / "examples"
TRAINERS = EXAMPLES / "trainers.csv"
PURCHASES = EXAMPLES / "purchases.jsonl"
FAULTS = EXAMPLES / "faults.jsonl"
