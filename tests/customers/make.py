"""Plain functions that make customers and what hangs on them."""

from typing import Any

from crm.kernel.dates import now
from crm.org.models import Department, User
from crm.record import write
from crm.record.picklists import PicklistOption
from customers import pool
from customers.models import Contact, Customer, CustomerFollowUp


def customer(
    owner: User | None = None, *, name: str = "杭州未来科技有限公司", into: Department | None = None, **given: Any
) -> Customer:
    """A customer of somebody, else in a pool (the company's unless `into` says another)."""
    made = Customer(name=name, **given)
    if owner:
        pool.give(made, owner)
    else:
        pool.release(made, into or pool.company_pool(), state="idle")
    write.insert([made], owner)
    return made


def contact(of: Customer, by: User, name: str = "陈静", **given: Any) -> Contact:
    """A contact of a customer."""
    made = Contact(customer=of, name=name, owner=by, **given)
    write.insert([made], by)
    return made


def follow_up(of: Customer, by: User, content: str = "电话沟通了报价", **given: Any) -> CustomerFollowUp:
    """A record of a follow-up, just now unless `at` says otherwise."""
    made = CustomerFollowUp(customer=of, content=content, owner=by, **{"at": now(), **given})
    write.insert([made], by)
    return made


def option(list_key: str, label: str, **given: Any) -> PicklistOption:
    """An option of a picklist."""
    return PicklistOption.objects.get_or_create(list=list_key, label=label, defaults=given)[0]
