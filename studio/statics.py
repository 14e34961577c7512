"""How static files are stored: each under a name with its digest, so that a browser may keep it for ever."""

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]

_, MODULE_IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns  # type: ignore[attr-defined]


class Storage(CompressedManifestStaticFilesStorage):
    """Also rewrites the imports between our JavaScript modules, or an upgrade could mix old ones with new ones.

    Only ours: Django's own switch takes words in the comments of other people's scripts for imports.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("studio/js/*.js", MODULE_IMPORTS))
