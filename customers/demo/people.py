"""The demo company: its departments and its twelve people."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from crm.org.models import Department, User
from crm.org.tree import save_department
from customers import defaults

PASSWORD = "crm-demo-2026"  # noqa: S105  (known on purpose; printed by `make run`)
COMPANY = "瀚川智能设备有限公司"

# Each department and the one above it.
DEPARTMENTS = (
    ("销售中心", COMPANY),
    ("华东大区", "销售中心"),
    ("上海组", "华东大区"),
    ("杭州组", "华东大区"),
    ("华南大区", "销售中心"),
    ("深圳组", "华南大区"),
    ("广州组", "华南大区"),
    ("客户运营部", COMPANY),
    ("信息部", COMPANY),
)


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in to the demo."""

    username: str
    real_name: str
    position: str
    department: str
    superior: str = ""
    leads: bool = False  # the department


ACCOUNTS = (
    Account("admin", "郝建国", "系统管理员", "信息部"),
    Account("hejing", "何静", "客户管理员", "客户运营部", leads=True),
    Account("zhoumin", "周敏", "销售总监", "销售中心", leads=True),
    Account("wangfang", "王芳", "销售经理", "华东大区", "zhoumin", leads=True),
    Account("liuyang", "刘洋", "销售经理", "华南大区", "zhoumin", leads=True),
    Account("lina", "李娜", "销售主管", "上海组", "wangfang", leads=True),
    Account("zhangwei", "张伟", "销售代表", "上海组", "lina"),
    Account("chenjing", "陈静", "销售代表", "上海组", "lina"),
    Account("zhaoqiang", "赵强", "销售代表", "杭州组", "wangfang"),
    Account("sunli", "孙丽", "销售代表", "杭州组", "wangfang"),
    Account("wutao", "吴涛", "销售代表", "深圳组", "liuyang"),
    Account("zhengxuemei", "郑雪梅", "销售代表", "广州组", "liuyang"),
)


def load() -> dict[str, User]:
    """Create departments, roles and people; user name → user."""
    departments = {COMPANY: save_department(Department(name=COMPANY))}
    for order, (name, above) in enumerate(DEPARTMENTS):
        departments[name] = save_department(Department(name=name, parent=departments[above], order=order))
    roles = defaults.load_roles()
    users: dict[str, User] = {}
    password = make_password(PASSWORD)
    for number, account in enumerate(ACCOUNTS, 1):
        user = User.objects.create(
            username=account.username,
            real_name=account.real_name,
            employee_number=f"HC{number:03d}",
            password=password,
            mobile=f"1990000{number:04d}",
            email=f"{account.username}@example.com",
            department=departments[account.department],
            position=account.position,
            superior=users.get(account.superior),
            is_staff=account.username == "admin",
            is_superuser=account.username == "admin",
        )
        if account.position in roles:
            user.roles.add(roles[account.position])
        if account.leads:
            Department.objects.filter(name=account.department).update(manager=user)
        users[account.username] = user
    return users
