"""The pool's rules of the demo company."""

from crm.org.models import Role
from customers.models import PoolLimit, RecycleRule


def load() -> None:
    """What salespeople may hold and claim; what goes back to the pool, and a stricter rule that waits for a look."""
    role = Role.objects.get(name="销售代表")
    PoolLimit.objects.create(role=role, held=60, claims_a_day=10, cool_down_days=7)
    RecycleRule.objects.create(name="60 天未跟进", days=60, warn_days=7, active=True)
    RecycleRule.objects.create(name="意向客户 15 个工作日未跟进", days=15, working_days=True, warn_days=3)
