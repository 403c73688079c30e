from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calibration", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="audit",
            name="with_excluded",
            field=models.BooleanField(default=False),
        ),
    ]
