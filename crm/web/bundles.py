"""Our own scripts and styles: many small files to write, one of each to load.

While developing, pages name every file. `collectstatic` joins them, and pages then load the
joined ones. The scripts are modules that import nothing, so joining is all it takes.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]

# The joined file and its parts, in order.
STYLES = (
    "crm/bundle.css",
    (
        "crm/tokens.css",
        "crm/text.css",
        "crm/shell.css",
        "crm/controls.css",
        "crm/layers.css",
        "crm/list.css",
        "crm/record.css",
        "crm/forms.css",
        "crm/messages.css",
        "crm/palette.css",
        "crm/print.css",
    ),
)
SCRIPTS = (
    "crm/bundle.js",
    (
        "crm/shell.js",
        "crm/layers.js",
        "crm/fields.js",
        "crm/drafts.js",
        "crm/forms.js",
        "crm/conditions.js",
        "crm/rows.js",
        "crm/lists.js",
        "crm/record.js",
        "crm/messages.js",
        "crm/undo.js",
        "crm/exchange.js",
        "crm/timeline.js",
        "crm/inplace.js",
        "crm/palette.js",
    ),
)
# What only some pages need; they name it themselves.
ON_DEMAND = (
    "crm/exchange.css",
    "crm/lines.css",
    "crm/lines.js",
    "crm/logs.css",
    "crm/statistics.css",
    "crm/timeline.css",
)


COMMENT, INDENTATION = re.compile(r"/\*.*?\*/", re.DOTALL), re.compile(r"\n\s*")


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Whitenoise's storage (hashed names, compressed) that joins the parts first."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Django's hook of `collectstatic`; `paths` are the files that it copied."""
        if not dry_run:
            for bundle, parts in (STYLES, SCRIPTS):
                self.delete(bundle)
                self.save(bundle, ContentFile(self._joined(parts)))
                paths[bundle] = (self, bundle)
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _joined(self, parts: tuple[str, ...]) -> str:
        return "\n".join(self._part(name) for name in parts)

    def _part(self, name: str) -> str:
        with self.open(name) as file:
            text: str = file.read().decode()
        if name.endswith(".css"):
            return INDENTATION.sub("\n", COMMENT.sub("", text))
        # Braces keep the names of one module from meeting those of the next.
        return f"{{\n{text}}}"


def files(kind: tuple[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What a page loads: the joined file where there is one, else the parts."""
    bundle, parts = kind
    return (bundle,) if isinstance(staticfiles_storage, Storage) else parts
