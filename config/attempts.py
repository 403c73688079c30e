"""Failed attempts to sign in: whom they count against, and when they lock."""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.http import HttpRequest

# A classroom shares an address, so it takes this many times the failures that lock a name.
ADDRESS_PATIENCE = 10


class Attempts(AxesDatabaseHandler):  # type: ignore[misc]
    """Locks a name at an address after a few failures, and the address after many, whatever the names."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Counted in failures of one name: many of an address make one."""
        by_name, by_address = (
            sum(attempts.values_list("failures_since_start", flat=True))
            for attempts in self.get_user_attempts(request, credentials)
        )
        return int(max(by_name, by_address // ADDRESS_PATIENCE))

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Signing in forgives one's own name, not the address."""
        own, _ = self.get_user_attempts(request, credentials)
        return int(own.delete()[0])
