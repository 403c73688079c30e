import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0005_answers_of_pages"),
    ]

    operations = [
        migrations.AlterField(
            model_name="submission",
            name="participant",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="submissions",
                to="annotation.participant",
            ),
        ),
        migrations.AlterField(
            model_name="submission",
            name="sealed",
            field=models.TextField(blank=True),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(("participant__isnull", False), ("sealed", ""), _connector="OR"),
                name="submission_of_nobody_has_no_id",
            ),
        ),
    ]
