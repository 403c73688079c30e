from django.db import migrations, models


def give_reasons(apps, schema_editor):
    people = apps.get_model("annotation", "Participant").objects.filter(excluded_at__isnull=False)
    people.filter(exclusion_reason="").update(exclusion_reason="not known")


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0008_extension"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="participant",
            name="exclusion_reason_of_the_excluded",
        ),
        migrations.RunPython(give_reasons, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="participant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("excluded_at__isnull", True), ("exclusion_reason", "")),
                    models.Q(
                        ("excluded_at__isnull", False), models.Q(("exclusion_reason", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="exclusion_reason_of_the_excluded",
            ),
        ),
    ]
