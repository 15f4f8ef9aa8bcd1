"""What tests of services share; needs the extra `testing`."""

from lyceum_web.testing.client import application_client
from lyceum_web.testing.clock import ManualClock
from lyceum_web.testing.document import document_faults
from lyceum_web.testing.principals import Callers
from lyceum_web.testing.server import served

__all__ = ["Callers", "ManualClock", "application_client", "document_faults", "served"]
