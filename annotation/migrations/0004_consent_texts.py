import django.db.models.deletion
from django.db import migrations, models


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


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0003_owners_are_members"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("language", models.CharField(max_length=10)),
                ("text", models.TextField(blank=True)),
                ("kept_at", models.DateTimeField()),
                (
                    "study",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consent_texts",
                        to="annotation.study",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "version", "language"),
                        name="one_consent_text_a_version_and_language",
                    )
                ],
            },
        ),
        migrations.RunPython(keep_present_texts, migrations.RunPython.noop),
    ]
