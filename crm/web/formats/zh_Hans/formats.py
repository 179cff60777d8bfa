"""Days and instants read the same in every language, so Chinese adds nothing."""

from crm.web.formats.en.formats import *  # noqa: F403
