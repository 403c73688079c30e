"""Where recruiters tell what has become of people's submissions: signed, without an account."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from annotation.models import Recruitment
from annotation.recruitment.notices import InvalidNotice, read_notice
from annotation.recruitment.submissions import hear

LONGEST_BODY = 16_384  # bytes; Prolific sends some hundred


@csrf_exempt
@require_POST
def prolific(request: HttpRequest) -> HttpResponse:
    """Takes in a signed notice, once; its repeat is told the same."""
    if not settings.PROLIFIC_WEBHOOK_SECRET:
        return _said("This server takes no notices: PROLIFIC_WEBHOOK_SECRET is not set.", 503)
    if len(body := request.read(LONGEST_BODY + 1)) > LONGEST_BODY:
        return _said("The body is too large.", 413)
    secret = settings.PROLIFIC_WEBHOOK_SECRET
    try:
        notice = read_notice(body=body, headers=request.headers, secret=secret, now=timezone.now())
    except InvalidNotice as error:
        return _said(str(error), error.status)
    if notice is None:
        return _said("Nothing to do about that.")
    new = hear(
        recruiter=Recruitment.Recruiter.PROLIFIC,
        event=notice.event,
        external=notice.external,
        status=notice.status,
        at=notice.at,
    )
    return _said("Thank you." if new else "Thank you, it was known.")


def _said(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{text}\n", content_type="text/plain", status=status)
