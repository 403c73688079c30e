from django.db import migrations, models

from annotation.models import new_code

# Room in each round for slots that are laid later: see designs.ROUND.
INTO_ROUNDS = 'UPDATE annotation_slot SET "order" = number * 1099511627776 + "order"'
BACK = """
    UPDATE annotation_slot SET "order" = places.place FROM (
        SELECT id, ROW_NUMBER() OVER (PARTITION BY study_id ORDER BY "order") AS place FROM annotation_slot
    ) AS places WHERE places.id = annotation_slot.id
"""


def make_members(apps, schema_editor):
    Study, Membership = apps.get_model("annotation", "Study"), apps.get_model("annotation", "Membership")
    for study in Study.objects.iterator():
        # A default of a new column is drawn once for all rows.
        study.screened_out_code, study.failed_checks_code = new_code(), new_code()
        study.save(update_fields=["screened_out_code", "failed_checks_code"])
        if study.owner_id:
            Membership.objects.create(study=study, user_id=study.owner_id, role="owner")


def name_owners(apps, schema_editor):
    Study, Membership = apps.get_model("annotation", "Study"), apps.get_model("annotation", "Membership")
    for study, user in Membership.objects.filter(role="owner").order_by("-pk").values_list("study", "user"):
        Study.objects.filter(pk=study).update(owner=user)  # the first of several at last


def keep_present_texts(apps, schema_editor):
    """What people have agreed to so far, where the study still says it."""
    Study, Participant = apps.get_model("annotation", "Study"), apps.get_model("annotation", "Participant")
    agreed = Participant.objects.filter(
        study=models.OuterRef("pk"), consent_version=models.OuterRef("consent_version")
    )
    ConsentText = apps.get_model("annotation", "ConsentText")
    ConsentText.objects.bulk_create(
        ConsentText(
            study=study,
            version=study.consent_version,
            language=study.language,
            text=study.consent,
            kept_at=study.created_at,
        )
        for study in Study.objects.filter(models.Exists(agreed))
    )


def give_reasons(apps, schema_editor):
    people = apps.get_model("annotation", "Participant").objects.filter(excluded_at__isnull=False)
    people.filter(exclusion_reason="").update(exclusion_reason="not known")


class Migration(migrations.Migration):
    dependencies = [("annotation", "0002_field_studies")]

    operations = [
        migrations.RunPython(make_members, name_owners),
        migrations.RunPython(keep_present_texts, migrations.RunPython.noop),
        migrations.RunPython(give_reasons, migrations.RunPython.noop),
        migrations.RunSQL(INTO_ROUNDS, BACK),
        migrations.RemoveField(model_name="study", name="owner"),
        migrations.RemoveConstraint(model_name="participant", name="exclusion_reason_of_the_excluded"),
        migrations.AddConstraint(
            model_name="participant",
            constraint=models.CheckConstraint(
                condition=models.Q(excluded_at__isnull=True, exclusion_reason="")
                | (models.Q(excluded_at__isnull=False) & ~models.Q(exclusion_reason="")),
                name="exclusion_reason_of_the_excluded",
            ),
        ),
    ]
