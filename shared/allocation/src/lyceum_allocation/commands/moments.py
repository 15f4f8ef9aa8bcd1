"""How a person writes a moment that is still to come."""

import re
from datetime import UTC, datetime, timedelta

import click

from lyceum_database import utc_now

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


class Moment(click.ParamType[datetime]):
    """A day or a moment, in UTC unless it says otherwise, or how far ahead it is."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read ISO 8601, or a number of seconds, minutes, hours, days or weeks from now."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        try:
            if ahead := re.fullmatch(r"([0-9]{1,6})([smhdw])", text):
                return utc_now() + int(ahead[1]) * _UNITS[ahead[2]]
            found = datetime.fromisoformat(text)
            return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.fail(
                f"{text!r} is no moment: write 14d, 2w, a day as in 2027-07-01, or 2027-07-01T08:00 (UTC, or with an "
                "offset).",
                param,
                ctx,
            )
