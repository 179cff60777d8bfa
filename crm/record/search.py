"""Interim; the text room replaces this file."""

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, F, Func, Q

BIGRAMS_SQL = """
CREATE OR REPLACE FUNCTION crm_bigrams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$SELECT array_agg(DISTINCT substr(t, i, 2)) FROM generate_series(1, greatest(length(t) - 1, 1)) i$$;
"""


class Bigrams(Func):
    function = "crm_bigrams"
    output_field = ArrayField(CharField())


BIGRAMS = Bigrams(F("search"))


def search_text(names: list[str], phones: list[str], codes: list[str]) -> str:
    return " ".join([*names, *phones, *codes]).lower()


def matches(query: str) -> Q:
    return Q(search__contains=query.lower())
