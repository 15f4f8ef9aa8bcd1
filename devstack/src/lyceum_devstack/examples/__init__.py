"""The sample day at the school that `lyceum demo` plays: who buys, who is refunded, what goes wrong."""

from lyceum_devstack.examples.faults import fault_lines
from lyceum_devstack.examples.purchases import purchase_lines

__all__ = ["fault_lines", "purchase_lines"]
