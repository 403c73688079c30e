"""What people agree to: a study's consent in its languages, kept as it read when somebody agreed."""

from django.utils import timezone

from annotation.models import ConsentText, Participant, Study


def consents_of(study: Study) -> dict[str, str]:
    """The consent by language, the study's own first."""
    others = {language: texts.get("consent", "") for language, texts in study.translations.items()}
    return {study.language: study.consent} | {name: text for name, text in others.items() if text}


def keep_consent(*, study: Study) -> None:
    """Keep the present version's texts that are not kept yet, before somebody agrees to one of them."""
    texts = consents_of(study)
    kept = study.consent_texts.filter(version=study.consent_version).values_list("language", flat=True)
    missing = [language for language in texts if language not in set(kept)]
    if missing:
        now = timezone.now()
        ConsentText.objects.bulk_create(
            [
                ConsentText(
                    study=study,
                    version=study.consent_version,
                    language=language,
                    text=texts[language],
                    kept_at=now,
                )
                for language in missing
            ],
            ignore_conflicts=True,  # somebody else agreed at the same moment
        )


def agreed_text(participant: Participant) -> str | None:
    """The text that the person agreed to; None where it was not kept."""
    if participant.consent_version is None:
        return None
    texts = ConsentText.objects.filter(study=participant.study_id, version=participant.consent_version)
    # A translation that was added after they agreed is not what they read.
    known = dict(texts.filter(kept_at__lte=participant.consented_at).values_list("language", "text"))
    return known.get(participant.consent_language, next(iter(known.values()), None))
