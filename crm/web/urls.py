"""The addresses of one entity, below /<app>/<entity>/."""

from django.urls import path

from crm.web import (
    actions,
    attachments,
    bulk_edit,
    duplicates,
    export_pages,
    form,
    import_pages,
    inline,
    neighbours,
    options,
    peek,
    query_panel,
    record,
    row_menu,
    statistics,
    tabs,
    why,
)
from crm.web import list as lists

urlpatterns = [
    path("", lists.page, name="list"),
    path("options/", options.options, name="options"),
    path("counts/", lists.counted, name="counts"),
    path("filter/<slug:field>/", lists.choices, name="filter"),
    path("new/", form.new, name="new"),
    path("duplicates/", duplicates.duplicates, name="duplicates"),
    path("delete/", actions.delete_selected, name="delete-selected"),
    path("do/<slug:action>/", actions.do_selected, name="do-selected"),
    path("<int:pk>/", record.detail, name="detail"),
    path("<int:pk>/menu/", row_menu.menu, name="row-menu"),
    path("<int:pk>/edit/", form.edit, name="edit"),
    path("<int:pk>/cell/<slug:field>/", inline.cell, name="cell"),
    path("<int:pk>/peek/", peek.peek, name="peek"),
    path("<int:pk>/neighbours/", neighbours.beside, name="neighbours"),
    path("<int:pk>/why/", why.why, name="why"),
    path("<int:pk>/delete/", actions.delete, name="delete"),
    path("<int:pk>/do/<slug:action>/", actions.do, name="do"),
    path("<int:pk>/tab/<str:tab>/", tabs.tab, name="tab"),
    path("<int:pk>/attachments/", attachments.upload, name="attachments"),
    path("<int:pk>/attachments/<int:file>/", attachments.download, name="attachment"),
    path("<int:pk>/attachments/<int:file>/delete/", attachments.remove, name="remove-attachment"),
    *import_pages.urlpatterns,
    *export_pages.urlpatterns,
    *statistics.urlpatterns,
    *bulk_edit.urlpatterns,
    *query_panel.urlpatterns,
]
