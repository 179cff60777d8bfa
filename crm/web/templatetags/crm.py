"""Template tags that every page may use: {% load crm %}."""

from functools import cache

from django import template
from django.forms import BoundField, CheckboxInput
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.entity.declare import Entity
from crm.web.bundles import SCRIPTS, STYLES, files
from crm.web.context import HTML_LANGUAGES

register = template.Library()


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An icon of the sprite, drawn in the text's colour and silent to screen readers."""
    sprite = static("vendor/icons/sprite.svg")
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', sprite, name)


@register.simple_tag
def styles() -> SafeString:
    """The links to our own styles."""
    addresses = ((static(path),) for path in files(STYLES))
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', addresses)


@register.simple_tag
def scripts() -> SafeString:
    """Our own scripts."""
    addresses = ((static(path),) for path in files(SCRIPTS))
    return format_html_join("\n", '<script src="{}" type="module"></script>', addresses)


@register.filter
def url(entity: Entity, page: str) -> str:
    """The address of a page of an entity: {{ entity|url:"new" }}."""
    return entity.url(page)


@register.filter
def new_label(entity: Entity) -> str:
    """What the button that creates a record says: 新建客户."""
    return _("New %(entity)s") % {"entity": entity.label}


@register.filter
def language_tag(code: str) -> str:
    """A language code as HTML's lang attribute writes it."""
    return HTML_LANGUAGES.get(code, code)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether a form field is a single checkbox, whose label follows it."""
    return isinstance(field.field.widget, CheckboxInput)
