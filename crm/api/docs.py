"""The API in words, for people: a page made from the same description that programs read."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.api.schema import describe
from crm.web.doors import signed_in


@dataclass(frozen=True)
class Operation:
    """One call."""

    method: str
    path: str
    spec: dict[str, Any]

    @property
    def summary(self) -> str:
        """What it does."""
        return str(self.spec["summary"])

    @property
    def query(self) -> list[dict[str, Any]]:
        """What its address may say besides."""
        return [each for each in self.spec["parameters"] if each["in"] == "query"]


@dataclass(frozen=True)
class Input:
    """A field that may be sent."""

    name: str
    label: str
    kind: str
    needed: bool
    values: list[tuple[Any, str]]


@dataclass(frozen=True)
class Chapter:
    """The calls of one entity."""

    key: str
    label: str
    operations: list[Operation]
    inputs: list[Input]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page."""
    return render(request, "api/docs.html", {"chapters": chapters(describe(signed_in(request.user)))})


def chapters(spec: dict[str, Any]) -> list[Chapter]:
    """The description, entity by entity."""
    every = [
        Operation(method.upper(), f"/api{path}", operation)
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    ]
    return [
        Chapter(
            tag["name"],
            tag["description"],
            [operation for operation in every if tag["name"] in operation.spec.get("tags", ())],
            _inputs(spec["components"]["schemas"][f"{tag['name']}.new"]),
        )
        for tag in spec["tags"]
    ]


def _inputs(schema: dict[str, Any]) -> list[Input]:
    needed = schema.get("required", ())
    return [
        Input(name, field["title"], _kind(field), name in needed, list(field.get("x-labels", {}).items()))
        for name, field in schema["properties"].items()
    ]


def _kind(field: dict[str, Any]) -> str:
    kind = field["type"][0] if isinstance(field["type"], list) else field["type"]
    return str(field.get("format", kind))
