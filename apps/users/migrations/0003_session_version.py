from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0002_email_verified")]

    operations = [
        migrations.AddField(
            model_name="customuser",
            name="session_version",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
