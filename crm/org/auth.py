"""Sign-in by user name and password."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Subquery

from crm.org.models import Stamp, User


class Backend(ModelBackend):
    """Django's backend; it also reads the organisation's stamp in the query that loads the user."""

    def get_user(self, user_id: Any) -> User | None:
        """The active user of this id with department and stamp, or None."""
        stamp = Subquery(Stamp.objects.values("number")[:1])
        user = User.objects.select_related("department").annotate(org_stamp=stamp).filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
