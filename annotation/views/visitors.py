"""Who is at a labelling page, without an account: a signed card that belongs to one study.

A cookie carries it. Inside Mechanical Turk's frame, and in browsers that refuse cookies, the addresses do.
Nothing here touches the console's sessions, and Django's CSRF cookie has no part in it: the cookie stays at
home when another site sends a form, each task page carries its own ticket, and what the browser says of a
form's origin is checked.
"""

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Any
from urllib.parse import urlencode

from csp.decorators import csp_replace
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from annotation.addresses import TooOften, guess
from annotation.allocation import GIVEN_AGAIN
from annotation.languages import choose_language, in_language, language_for
from annotation.models import Participant, Session, Study
from annotation.recruitment.entry import MTURK_FRAMES, MTURK_HOSTS, Recruiter
from generation.models import digest

COOKIE_LASTS = 180 * 24 * 60 * 60  # seconds
# Mechanical Turk shows a study inside its own page, and takes the last form.
IN_MTURK = {"frame-ancestors": MTURK_FRAMES, "form-action": ("'self'", *MTURK_HOSTS, *MTURK_FRAMES)}
# Sessions whose answers their person does not come back to.
GIVEN_UP = (Session.Outcome.STOPPED, Session.Outcome.SCREENED, *GIVEN_AGAIN)
View = Callable[..., HttpResponse]


def crowd_page(view: View) -> View:
    """What these pages share: the person's language; not stored by a browser, forms from here only, framed by
    nobody but MTurk.
    """

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def page(request: HttpRequest, slug: str, **where: Any) -> HttpResponse:
        if request.method == "POST" and _from_another_site(request):
            raise PermissionDenied
        if request.method == "GET" and _keeps_cookies(request, slug):
            return redirect(_without_card(request))
        with translation.override(language := _language(request, slug)):
            try:
                if request.GET.get("card"):
                    guess(request, right=bool(_card_in_address(request, slug)))
                response = view(request, slug, **where)
            except TooOften as error:
                response = _too_often(request, slug, error)
        response["Content-Language"] = language
        patch_vary_headers(response, ["Accept-Language"])
        response["Cache-Control"] = "no-store"
        if isinstance(response, HttpResponseRedirect) and "?" not in response.url:
            response["Location"] = with_card(request, response.url)
        in_mturk = _card(request, slug)[1] == Recruiter.MTURK
        return framed(request, response) if in_mturk else response

    return page


def framed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The response as Mechanical Turk may show it inside its own page."""
    response.xframe_options_exempt = True
    csp_replace(IN_MTURK)(lambda request: response)(request)
    return response


def remember(
    response: HttpResponse, request: HttpRequest, *, participant: Participant, recruiter: str
) -> HttpResponse:
    """The response with the card that says who this is, unless the browser has it already.

    A browser shows only on the next page whether it keeps cookies, so that page's address has the card too.
    """
    slug, card = participant.study.slug, f"{participant.code}:{recruiter}"
    if recruiter != Recruiter.MTURK and _card(request, slug)[0] == participant.code:
        return response
    response["Location"] += f"?{urlencode({'card': _signer(slug).sign(card)})}"
    if recruiter == Recruiter.MTURK:
        return response
    response.set_signed_cookie(
        _cookie(slug),
        card,
        salt=slug,
        max_age=COOKIE_LASTS,
        path=reverse("door", args=[slug]),
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def with_card(request: HttpRequest, url: str, **parameters: str) -> str:
    """The study's address `url` with parameters, and with the card if this page's own address has one."""
    if card := request.GET.get("card"):
        parameters["card"] = card
    return f"{url}?{urlencode(parameters)}" if parameters else url


def participant_at(request: HttpRequest, slug: str) -> Participant | None:
    """The participant whom this study's card names."""
    return _here(request, slug)[0]


def session_at(request: HttpRequest, slug: str) -> Session | None:
    """That participant's running session, or the last that they completed: its answers may still change."""
    return _here(request, slug)[1]


def mark(request: HttpRequest, slug: str) -> str:
    """Tells the people of one browser apart, for the page's script; empty for somebody without a card."""
    code = _card(request, slug)[0]
    return digest("mark", slug, code)[:16] if code else ""


def _here(request: HttpRequest, slug: str) -> tuple[Participant | None, Session | None]:
    """The card's person with the session that their pages show, read once a request."""
    seen = vars(request)
    if "person_here" not in seen:
        code = _card(request, slug)[0]
        seen["person_here"] = _read(slug, code) if code else (None, None)
    here: tuple[Participant | None, Session | None] = seen["person_here"]
    return here


def _read(slug: str, code: str) -> tuple[Participant | None, Session | None]:
    """In one query for somebody at work, as their pages are asked for most."""
    sessions = Session.objects.select_related("participant__study").exclude(outcome__in=GIVEN_UP)
    session = sessions.filter(participant__study__slug=slug, participant__code=code).last()
    if session:
        return session.participant, session
    return Participant.objects.select_related("study").filter(study__slug=slug, code=code).first(), None


def _language(request: HttpRequest, slug: str) -> str:
    """The language to answer in; a link that asks for another makes it the person's from now on."""
    # A recruiter's link may bring somebody else than the person whose card lies in this browser.
    arrives = request.path == reverse("door", args=[slug]) and set(request.GET) - {"card", "language"}
    person = None if arrives else participant_at(request, slug)
    study = person.study if person else Study.objects.filter(slug=slug).first()
    language = language_for(request, study=study, participant=person)
    if person and request.method == "GET" and request.GET.get("language") == language:
        choose_language(participant=person, language=language)
    return language


def _cookie(slug: str) -> str:
    return f"person-{slug}"


def _card(request: HttpRequest, slug: str) -> tuple[str, str]:
    """The participant's code and their recruiter; empty without a card of ours."""
    card = _card_in_address(request, slug) or _card_in_cookie(request, slug)
    code, _, recruiter = card.partition(":")
    return code, recruiter


def _card_in_address(request: HttpRequest, slug: str) -> str:
    try:
        return _signer(slug).unsign(request.GET.get("card", ""))
    except BadSignature:
        return ""


def _card_in_cookie(request: HttpRequest, slug: str) -> str:
    return request.get_signed_cookie(_cookie(slug), "", salt=slug) or ""


def _keeps_cookies(request: HttpRequest, slug: str) -> bool:
    """Whether the card in the address came by cookie too, so that the address can do without it."""
    card = _card_in_address(request, slug)
    return bool(card) and card == _card_in_cookie(request, slug)


def _without_card(request: HttpRequest) -> str:
    rest = request.GET.copy()
    del rest["card"]
    return f"{request.path}?{rest.urlencode()}" if rest else request.path


def _too_often(request: HttpRequest, slug: str, error: TooOften) -> HttpResponse:
    study = get_object_or_404(Study, slug=slug)
    context = {"study": in_language(study), "minutes": ceil(error.seconds / 60)}
    response = render(request, "annotation/crowd/too_often.html", context, status=429)
    response["Retry-After"] = str(error.seconds)
    return response


def _signer(slug: str) -> Signer:
    return Signer(salt=f"card {slug}")


def _from_another_site(request: HttpRequest) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and origin.partition("://")[2] != request.get_host()
