"""What tests of the platform share; needs the extra `embedded`."""

from lyceum_database.testing.clock import ManualClock
from lyceum_database.testing.databases import temporary_database

__all__ = ["ManualClock", "temporary_database"]
