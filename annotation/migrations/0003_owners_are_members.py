from django.db import migrations

from annotation.models import new_code


def make_members(apps, schema_editor):
    Study, Membership = apps.get_model("annotation", "Study"), apps.get_model("annotation", "Membership")
    for study in Study.objects.iterator():
        # A default of a new column is drawn once for all rows.
        study.screened_out_code, study.failed_checks_code = new_code(), new_code()
        study.save(update_fields=["screened_out_code", "failed_checks_code"])
        if study.owner_id:
            Membership.objects.create(study=study, user_id=study.owner_id, role="owner")


class Migration(migrations.Migration):
    dependencies = [("annotation", "0002_field_studies")]

    operations = [
        migrations.RunPython(make_members, migrations.RunPython.noop),
        migrations.RemoveField(model_name="study", name="owner"),
    ]
