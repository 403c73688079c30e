"""Pages that belong to no app: health, the account, errors."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from rest_framework.authtoken.models import Token
from rest_framework.authtoken.views import ObtainAuthToken
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

Handler = Callable[[HttpRequest], HttpResponse]


def answer_health(get_response: Handler) -> Handler:
    """Middleware: /healthz before anything else, as load balancers ask by address and without TLS."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return health() if request.path == "/healthz" else get_response(request)

    return middleware


def refuse_nul(get_response: Handler) -> Handler:
    """Middleware: an address with NUL in it names nothing, and no database may be asked for it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info:
            raise Http404
        return get_response(request)

    return middleware


def keep_private(get_response: Handler) -> Handler:
    """Middleware: what says nothing else about it is stored by no browser and no proxy."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware


def health() -> JsonResponse:
    """200 while the database answers, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    return JsonResponse({"status": "ok"})


@login_required
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Shows the signed-in person's API token; POST makes a new one and the old one stops working."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    tokens = Token.objects.filter(user=request.user)
    if request.method == "POST":
        with transaction.atomic():
            User.objects.select_for_update().get(pk=request.user.pk)  # two presses take turns
            tokens.delete()
            Token.objects.create(user=request.user)
        return redirect("account")
    return render(request, "account.html", {"token": tokens.first()})


class TokenView(ObtainAuthToken):
    """Name and password for an API token; 429 while they are locked."""

    parser_classes = APIView.parser_classes
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "token"

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        try:
            return super().post(request, *args, **kwargs)
        except ValidationError:
            if getattr(request, "axes_locked_out", False):
                seconds = settings.AXES_COOLOFF_TIME * 3600
                raise Throttled(seconds, "Too many failed attempts.") from None
            raise


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    context = {
        "too_big": isinstance(exception, RequestDataTooBig),
        "other_host": isinstance(exception, DisallowedHost),
    }
    return render(request, "400.html", context, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"reason": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "500.html", status=500)
