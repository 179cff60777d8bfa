"""What CRM managers set for customers."""

from django.contrib import admin

from crm.org.admin import ManagersRoom
from customers.models import PoolLimit


@admin.register(PoolLimit)
class PoolLimitAdmin(ManagersRoom):
    """What people of each role may hold and claim."""

    list_display = ("role", "held", "claims_a_day", "cool_down_days", "arrival_days")
    list_select_related = ("role",)
    list_display_links = ("role",)
