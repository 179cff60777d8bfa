"""How Django forms become HTML: one template for every field."""

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """Renders `{{ field.as_field_group }}` and `{{ form }}` with the project's own templates."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
