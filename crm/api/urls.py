"""The addresses of the API, below /api/. Those of entities follow the pages': /api/<app>/<entity>/…"""

from django.http import Http404, HttpResponse
from django.urls import path, re_path

from crm.api import actions, docs, exchange, files, me, records
from crm.api.endpoint import Call, endpoint
from crm.api.schema import schema

app_name = "api"


def unknown(call: Call) -> HttpResponse:
    """Any other address."""
    raise Http404


OF_ENTITY = "<slug:app>/<slug:name>/"

urlpatterns = [
    path("me/", endpoint(GET=me.me), name="me"),
    path("schema/", endpoint(GET=schema, session=True), name="schema"),
    path("docs/", docs.page, name="docs"),
    path("jobs/<int:pk>/", endpoint(GET=exchange.job), name="job"),
    path(OF_ENTITY, endpoint(GET=records.listing, POST=records.create), name="records"),
    path(
        f"{OF_ENTITY}<int:pk>/",
        endpoint(GET=records.detail, PATCH=records.change, DELETE=records.delete),
        name="record",
    ),
    path(f"{OF_ENTITY}<int:pk>/do/<slug:action>/", endpoint(POST=actions.do), name="do"),
    path(f"{OF_ENTITY}do/<slug:action>/", endpoint(POST=actions.do_many), name="do-many"),
    path(f"{OF_ENTITY}<int:pk>/attachments/", endpoint(GET=files.listing, POST=files.upload), name="attachments"),
    path(
        f"{OF_ENTITY}<int:pk>/attachments/<int:file>/",
        endpoint(GET=files.download, DELETE=files.remove),
        name="attachment",
    ),
    path(f"{OF_ENTITY}import/", endpoint(POST=exchange.start_import), name="import"),
    path(f"{OF_ENTITY}import/<int:pk>/", endpoint(GET=exchange.import_state), name="import-state"),
    path(f"{OF_ENTITY}export/", endpoint(POST=exchange.start_export), name="export"),
    path(f"{OF_ENTITY}export/<int:pk>/", endpoint(GET=exchange.export_state), name="export-state"),
    path(f"{OF_ENTITY}export/<int:pk>/file/", endpoint(GET=exchange.export_file), name="export-file"),
    re_path(r"", endpoint(GET=unknown, POST=unknown, PATCH=unknown, DELETE=unknown), name="unknown"),
]
