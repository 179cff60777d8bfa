"""The manager behind `User.objects`."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import BaseUserManager

if TYPE_CHECKING:
    from crm.org.models import User


class UserManager(BaseUserManager["User"]):
    """Creates users with hashed passwords; names are as typed, compared exactly."""

    def create_user(self, username: str, real_name: str, password: str | None = None, **fields: Any) -> "User":
        """A new user; without a password they cannot sign in until one is set."""
        user = self.model(username=username, real_name=real_name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, real_name: str, password: str | None = None, **fields: Any) -> "User":
        """A user with every right."""
        return self.create_user(username, real_name, password, is_staff=True, is_superuser=True, **fields)
