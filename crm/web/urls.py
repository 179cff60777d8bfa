"""The addresses of one entity, below /<app>/<entity>/."""

from django.urls import path

from crm.web import list as lists
from crm.web import options, row_menu

urlpatterns = [
    path("", lists.page, name="list"),
    path("options/", options.options, name="options"),
    path("filter/<slug:field>/", lists.choices, name="filter"),
    path("<int:pk>/menu/", row_menu.menu, name="row-menu"),
]
