"""The product's settings, with the floor page beside it and a count of queries in each answer."""

from crm.settings import *  # noqa: F403
from crm.settings import MIDDLEWARE, TEMPLATES

ROOT_URLCONF = "tests.bench.urls"
MIDDLEWARE = ["tests.bench.floor.CountQueries", *MIDDLEWARE]
TEMPLATES[0]["DIRS"].append("tests/bench")
