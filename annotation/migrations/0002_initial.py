"""Nothing: what stood here is in 0001 now, where a new database need not copy each table a dozen times on SQLite."""

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = [("annotation", "0001_initial")]
    operations: list = []
