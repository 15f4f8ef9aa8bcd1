"""The shared documents. Static imports only: every model is registered when this package is imported."""

from lyceum_database.models.analytics import Analytics
from lyceum_database.models.channel_delivery import ChannelDelivery
from lyceum_database.models.course import Course
from lyceum_database.models.course_listing import CourseListing
from lyceum_database.models.device_token import DeviceToken
from lyceum_database.models.message import Message
from lyceum_database.models.notification import Notification
from lyceum_database.models.organization import Organization
from lyceum_database.models.role import Role
from lyceum_database.models.service import Service
from lyceum_database.models.session import Session
from lyceum_database.models.user import User

__all__ = [
    "Analytics",
    "ChannelDelivery",
    "Course",
    "CourseListing",
    "DeviceToken",
    "Message",
    "Notification",
    "Organization",
    "Role",
    "Service",
    "Session",
    "User",
]
