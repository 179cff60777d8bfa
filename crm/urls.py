"""All addresses. Those of entities follow one pattern: /<app>/<entity>/…"""

from django.contrib import admin
from django.urls import include, path

from crm.api import pages as api_pages
from crm.web import account, health, home, options, palette, recycle_bin, undo

handler400 = "crm.web.errors.bad_request"
handler403 = "crm.web.errors.denied"
handler404 = "crm.web.errors.not_found"
handler500 = "crm.web.errors.failed"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", home.home, name="home"),
    path("manifest.webmanifest", home.manifest, name="manifest"),
    path("sign-in/", account.SignIn.as_view(), name="sign-in"),
    path("sign-out/", account.SignOut.as_view(), name="sign-out"),
    path("account/sessions/end/", account.end_session, name="end-session"),
    path("account/", account.account, name="account"),
    path("account/tokens/", api_pages.page, name="tokens"),
    path("account/tokens/<int:pk>/revoke/", api_pages.revoke, name="revoke-token"),
    path("account/preference/", account.preference, name="preference"),
    path("search/", palette.page, name="search"),
    path("options/users/", options.users, name="options-users"),
    path("messages/", include("crm.web.messages")),
    path("hand-over/", include("crm.web.hand_over")),
    path("logs/", include("crm.web.logs")),
    path("undo/<uuid:token>/", undo.undo, name="undo"),
    path("exchange/", include("crm.web.exchange_log")),
    path("recycle-bin/", recycle_bin.page, name="recycle-bin"),
    path("recycle-bin/<slug:app>/<slug:name>/restore/", recycle_bin.restore, name="recycle-bin-restore"),
    path("recycle-bin/<slug:app>/<slug:name>/purge/", recycle_bin.remove, name="recycle-bin-purge"),
    path("admin/login/", account.administration),
    path("admin/", admin.site.urls),
    path("api/", include("crm.api.urls")),
    path("<slug:app>/<slug:name>/", include("crm.web.urls")),
]
