"""What people are called."""

from collections.abc import Iterable, Mapping

from lyceum_database import UserRepository, translated_errors


class People(UserRepository):
    """Users, as those who talk with them see them: a name."""

    def names(self, user_ids: Iterable[str]) -> Mapping[str, str]:
        """Return the names of those of these people who have an account."""
        wanted = sorted(set(user_ids))
        with translated_errors():
            return dict(self.model.objects(pk__in=wanted).scalar("pk", "name")) if wanted else {}
