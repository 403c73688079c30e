from django.contrib import admin
from django.contrib.auth import views as accounts
from django.urls import include, path
from django.views.decorators.http import require_http_methods
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import views
from config.api import router

sign_in = require_http_methods(["GET", "HEAD", "POST"])(
    accounts.LoginView.as_view(redirect_authenticated_user=True)
)

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/sign-in/", sign_in, name="login"),
    path("account/sign-out/", accounts.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("api/v1/token/", views.TokenView.as_view(), name="api-token"),
    path("api/v1/", include(router.urls)),
    path("", include("annotation.urls")),
    path("", include("calibration.urls")),
    path("", include("generation.urls")),
]

handler400 = "config.views.bad_request"
handler403 = "config.views.forbidden"
handler404 = "config.views.not_found"
handler500 = "config.views.server_error"
