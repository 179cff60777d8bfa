"""The OpenAPI 3.1 description of what one user's calls can do, derived from the registry.

It names only lists, fields and actions that the user may see: a field that is hidden from somebody does not
show by its name either.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.api import values
from crm.api.actions import action_form
from crm.api.endpoint import Call, answer
from crm.api.inputs import Schema, fields_schema, kind_of_input
from crm.api.records import LARGEST_PAGE, filter_parameters, input_fields, needed_fields, new_form, sortable
from crm.entity.catalogue import catalogue
from crm.entity.declare import Entity
from crm.entity.query import DEFAULT_SIZE, LAST_PAGE, LONGEST_QUERY, ListQuery
from crm.exchange.models import Format, OnDuplicate
from crm.exchange.resource import EntityResource
from crm.flow.action import Action
from crm.kernel import registry
from crm.org.models import User

VERSION = "1"
PROBLEM: Schema = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
}
# What any call may be answered with instead of what it asked for.
REFUSALS = {
    400: gettext_lazy("The request cannot be read."),
    401: gettext_lazy("No token, or none that is valid."),
    403: gettext_lazy("The user or the token lacks the right."),
    404: gettext_lazy("It does not exist, or is out of the user's sight."),
    409: gettext_lazy("Not possible now: a rule refuses, or somebody else was first."),
    413: gettext_lazy("The request is too large."),
    415: gettext_lazy("The body is of a kind that is not taken here."),
    422: gettext_lazy("Some values cannot be taken; `errors` has the sentences by field."),
    429: gettext_lazy("Too many calls; `Retry-After` says how many seconds to wait."),
    503: gettext_lazy("The query takes too long."),
}
JOB: Schema = {
    "type": "object",
    "required": ["id", "kind", "title", "state", "done", "total", "counters", "reason", "created_at", "url"],
    "properties": {
        "id": {"type": "integer"},
        "kind": {"type": "string"},
        "title": {"type": "string"},
        "state": {"type": "string", "enum": ["queued", "running", "done", "failed", "cancelled"]},
        "done": {"type": "integer"},
        "total": {"type": "integer"},
        "counters": {"type": "object", "additionalProperties": {"type": "integer"}},
        "reason": {"type": "string"},
        "created_at": {"type": "string", "format": "date-time"},
        "finished_at": {"type": ["string", "null"], "format": "date-time"},
        "url": {"type": "string"},
    },
}
FILE: Schema = {
    "type": "object",
    "required": ["id", "name", "size", "sha256", "at", "by", "url"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "size": {"type": "integer"},
        "sha256": {"type": "string"},
        "at": {"type": "string", "format": "date-time"},
        "by": {"$ref": "#/components/schemas/reference"},
        "url": {"type": "string"},
    },
}
PK: Schema = {"name": "pk", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
FILE_PK: Schema = {"name": "file", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}


def schema(call: Call) -> HttpResponse:
    """The description for whoever asks."""
    return answer(describe(call.user))


def describe(user: User) -> Schema:
    """The whole description."""
    parts = [Part(entity, user) for entity in registry.entities() if entity.can(user, entity.view_perm)]
    paths: Schema = {**_common_paths()}
    shapes: Schema = {"reference": values.REFERENCE, "problem": PROBLEM, "job": JOB, "file": FILE}
    for part in parts:
        paths |= part.paths()
        shapes |= part.shapes()
    return {
        "openapi": "3.1.0",
        "info": {"title": "CRM", "version": VERSION, "description": _("What your token can do.")},
        "servers": [{"url": "/api"}],
        "security": [{"token": []}],
        "tags": [{"name": part.entity.key, "description": capfirst(part.entity.label_plural)} for part in parts],
        "paths": paths,
        "components": {
            "schemas": shapes,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                str(status): {
                    "description": str(text),
                    "content": {"application/problem+json": {"schema": _ref("problem")}},
                }
                for status, text in REFUSALS.items()
            },
        },
    }


@dataclass
class Part:
    """One entity's part of the description."""

    entity: Entity
    user: User

    # -- shapes

    def shapes(self) -> Schema:
        """What is sent and received: a record, a new one, changes, a page of the list."""
        key = self.entity.key
        return {
            key: self._record(),
            f"{key}.page": self._page(),
            f"{key}.new": fields_schema(input_fields(self._form), needed_fields(self._form)),
            f"{key}.change": self._change(),
        }

    def _record(self) -> Schema:
        columns = catalogue(self.entity, self.user).fields
        properties = {
            "id": {"type": "integer"},
            "version": {"type": "integer"},
            **{path: values.schema_of(column) for path, column in columns.items()},
        }
        return {
            "type": "object",
            "title": capfirst(self.entity.label),
            "required": [*properties],
            "properties": properties,
        }

    def _page(self) -> Schema:
        properties: Schema = {
            "count": {"type": "integer"},
            "more": {"type": "boolean", "description": _("Whether there are more than were counted.")},
            "page": {"type": "integer"},
            "size": {"type": "integer"},
            "has_next": {"type": "boolean"},
            "results": {"type": "array", "items": _ref(self.entity.key)},
        }
        return {"type": "object", "required": [*properties], "properties": properties}

    def _change(self) -> Schema:
        sent = fields_schema(input_fields(self._form), {"version"})
        version = {"type": "integer", "description": _("The version that you read; another one is refused with 409.")}
        return {**sent, "properties": {"version": version, **sent["properties"]}}

    @property
    def _form(self) -> Any:
        return new_form(self.entity, self.user)

    # -- paths

    def paths(self) -> Schema:
        """The entity's addresses, as far as the user's roles open them."""
        entity = self.entity
        base = entity.url().rstrip("/") + "/"
        found: Schema = {base: self._list(), f"{base}{{pk}}/": self._one(), **self._attachments(base)}
        for action in self._actions():
            found[f"{base}{{pk}}/do/{action.name}/"] = {"post": self._do(action)}
            if action.bulk:
                found[f"{base}do/{action.name}/"] = {"post": self._do_many(action)}
        if entity.exchange and entity.can(self.user, "import"):
            found |= self._import(base)
        if entity.exchange and entity.can(self.user, "export"):
            found |= self._export(base)
        return found

    def _actions(self) -> Iterator[Action]:
        return (action for action in self.entity.actions if self.entity.can(self.user, action.perm))

    def _list(self) -> Schema:
        entity = self.entity
        found = {"get": self._operation("list", _("List"), _ok(_ref(f"{entity.key}.page")), parameters=self._query())}
        if entity.can(self.user, entity.add_perm):
            found["post"] = self._operation(
                "create",
                _("Create"),
                _ok(_ref(entity.key), 201),
                body=_json(_ref(f"{entity.key}.new")),
                parameters=[_idempotency_key()],
            )
        return found

    def _one(self) -> Schema:
        entity, key = self.entity, self.entity.key
        found = {"get": self._operation("read", _("Read one record"), _ok(_ref(key)), parameters=[PK])}
        if entity.can(self.user, "change"):
            body = _json(_ref(f"{key}.change"))
            found["patch"] = self._operation("change", _("Change"), _ok(_ref(key)), body=body, parameters=[PK])
        if entity.can(self.user, "delete"):
            found["delete"] = self._operation("delete", _("Delete"), _nothing(), parameters=[PK])
        return found

    def _attachments(self, base: str) -> Schema:
        results = {"type": "object", "required": ["results"], "properties": {"results": _list_of(_ref("file"))}}
        files = {"get": self._operation("files", _("List attachments"), _ok(results), parameters=[PK])}
        one = {"get": self._operation("file", _("Fetch an attachment"), _bytes(), parameters=[PK, FILE_PK])}
        if self.entity.can(self.user, "change"):
            body = _multipart({"file": _FILE}, ["file"])
            files["post"] = self._operation(
                "attach", _("Add an attachment"), _ok(_ref("file"), 201), body=body, parameters=[PK]
            )
            one["delete"] = self._operation("detach", _("Remove an attachment"), _nothing(), parameters=[PK, FILE_PK])
        return {f"{base}{{pk}}/attachments/": files, f"{base}{{pk}}/attachments/{{file}}/": one}

    def _do(self, action: Action) -> Schema:
        record = {"anyOf": [_ref(self.entity.key), {"type": "null"}]}
        done = {"type": "object", "required": ["record"], "properties": {"record": record}}
        return self._operation(
            f"do.{action.name}",
            str(action.label),
            _ok(done),
            body=_json(self._inputs(action)),
            parameters=[PK, _idempotency_key()],
            description=str(action.effect),
        )

    def _do_many(self, action: Action) -> Schema:
        inputs = self._inputs(action)
        ids = {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1}
        sent = {
            **inputs,
            "properties": {"ids": ids, **inputs["properties"]},
            "required": ["ids", *inputs.get("required", [])],
        }
        refused = {
            "type": "object",
            "required": ["id", "reason"],
            "properties": {"id": {"type": "integer"}, "reason": {"type": "string"}},
        }
        properties = {"done": _list_of({"type": "integer"}), "refused": _list_of(refused)}
        told = {"type": "object", "required": [*properties], "properties": properties}
        label = _("%(action)s, several at once") % {"action": action.label}
        return self._operation(f"do_many.{action.name}", label, _ok(told), body=_json(sent))

    def _inputs(self, action: Action) -> Schema:
        form = action_form(action, self.user)
        fields = form.fields if form else {}
        return fields_schema(fields, {name for name, field in fields.items() if field.required})

    def _import(self, base: str) -> Schema:
        failed = {
            "type": "object",
            "required": ["row", "reason"],
            "properties": {"row": {"type": "integer"}, "reason": {"type": "string"}},
        }
        properties = {"id": {"type": "integer"}, "job": _ref("job"), "failed": _list_of(failed)}
        state = {"type": "object", "required": [*properties], "properties": properties}
        rule = {"type": "string", "enum": OnDuplicate.values, "default": OnDuplicate.SKIP.value}
        body = _multipart({"file": _FILE, "on_duplicate": rule}, ["file"])
        start = self._operation("import", _("Import"), _ok(state, 202), body=body, parameters=[_idempotency_key()])
        read = self._operation("import_state", _("State of an import"), _ok(state), parameters=[PK])
        return {f"{base}import/": {"post": start}, f"{base}import/{{pk}}/": {"get": read}}

    def _export(self, base: str) -> Schema:
        columns = [*EntityResource(self.entity, self.user).exportable]
        sent = {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "columns": {"type": "array", "items": {"type": "string", "enum": columns}, "minItems": 1},
                "format": {"type": "string", "enum": Format.values, "default": Format.XLSX.value},
                "ids": {"type": ["array", "null"], "items": {"type": "integer", "minimum": 1}, "minItems": 1},
            },
        }
        properties = {
            "id": {"type": "integer"},
            "job": {"anyOf": [_ref("job"), {"type": "null"}]},
            "file": {"type": ["string", "null"]},
        }
        state = {"type": "object", "required": [*properties], "properties": properties}
        parameters = [p for p in self._query() if p["name"] not in ("page", "size")]
        start = self._operation(
            "export",
            _("Export"),
            {**_ok(state, 201), **_ok(state, 202)},
            body=_json(sent),
            parameters=[*parameters, _idempotency_key()],
        )
        read = self._operation("export_state", _("State of an export"), _ok(state), parameters=[PK])
        file = self._operation("export_file", _("Fetch an exported file"), _bytes(), parameters=[PK])
        return {
            f"{base}export/": {"post": start},
            f"{base}export/{{pk}}/": {"get": read},
            f"{base}export/{{pk}}/file/": {"get": file},
        }

    def _query(self) -> list[Schema]:
        sorts = sortable(self.entity, self.user)
        names = [sign + name for name in sorts for sign in ("", "-")]
        found = [
            _parameter("q", {"type": "string", "maxLength": LONGEST_QUERY}, _("Words to search for.")),
            _parameter("page", {"type": "integer", "minimum": 1, "maximum": LAST_PAGE, "default": 1}),
            _parameter("size", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": DEFAULT_SIZE}),
        ]
        if names:
            found.append(_parameter("sort", {"type": "string", "enum": names}))
        query = ListQuery(self.entity, QueryDict(), self.user)
        return [*found, *(_filter(name, field) for name, field in filter_parameters(query).items())]

    def _operation(
        self,
        name: str,
        summary: str,
        responses: Schema,
        *,
        body: Schema | None = None,
        parameters: list[Schema] | None = None,
        description: str = "",
    ) -> Schema:
        return _operation(
            f"{self.entity.key}.{name}", summary, responses, body, parameters, description, self.entity.key
        )


def _common_paths() -> Schema:
    anything: Schema = {"type": "object"}
    return {
        "/me/": {"get": _operation("me", _("Who you are and what you may open"), _ok(anything))},
        "/jobs/{pk}/": {"get": _operation("job", _("State of background work"), _ok(_ref("job")), parameters=[PK])},
    }


def _operation(
    name: str,
    summary: str,
    responses: Schema,
    body: Schema | None = None,
    parameters: list[Schema] | None = None,
    description: str = "",
    tag: str = "",
) -> Schema:
    refusals = {str(status): {"$ref": f"#/components/responses/{status}"} for status in REFUSALS}
    return {
        "operationId": name,
        "summary": summary,
        **({"description": description} if description else {}),
        **({"tags": [tag]} if tag else {}),
        "parameters": parameters or [],
        **({"requestBody": body} if body else {}),
        "responses": {**responses, **refusals},
    }


def _filter(name: str, field: forms.Field) -> Schema:
    kind = kind_of_input(field).schema
    # An address holds text: what is checked there is the filter's own rule, not the kind of a JSON value.
    plain = {key: value for key, value in kind.items() if key in ("type", "enum", "items")}
    if kind.get("format") == "date":
        plain = {"type": "string"}
    return _parameter(name, plain, str(field.label or ""))


def _parameter(name: str, schema: Schema, description: str = "") -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _idempotency_key() -> Schema:
    text = _("A UUID of your own: the same call sent again with it does nothing more.")
    schema = {"type": "string", "format": "uuid"}
    return {"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema, "description": text}


_FILE: Schema = {"type": "string", "format": "binary"}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _json(schema: Schema) -> Schema:
    return {
        "required": bool(schema.get("required") or "$ref" in schema),
        "content": {"application/json": {"schema": schema}},
    }


def _multipart(properties: Schema, required: list[str]) -> Schema:
    schema = {"type": "object", "properties": properties, "required": required}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _ok(schema: Schema, status: int = 200) -> Schema:
    return {str(status): {"description": "OK", "content": {"application/json": {"schema": schema}}}}


def _nothing() -> Schema:
    return {"204": {"description": "OK"}}


def _bytes() -> Schema:
    return {"200": {"description": "OK", "content": {"application/octet-stream": {"schema": _FILE}}}}
