"""What gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
application = get_wsgi_application()

# A full garbage collection walks through all that was imported, which never becomes garbage: about 50 ms in the middle
# of somebody's request. So everything is imported now, and not looked at any more.
from studio import urls as urls  # noqa: E402

gc.collect()
gc.freeze()
