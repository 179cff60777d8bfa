"""The product's addresses and the floor page."""

from django.urls import include, path

from crm import urls
from tests.bench import floor

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500

urlpatterns = [path("bench/floor/<slug:username>/", floor.page), path("", include("crm.urls"))]
