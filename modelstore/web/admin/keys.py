"""For operators: keys of programs. The secret is on the page after a key was made, and nowhere else."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from modelstore import api_keys
from modelstore.ground.admin_tools import FastAdmin, audit, confirmed
from modelstore.models import ApiKey, Scope


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=forms.CheckboxSelectMultiple, initial=[Scope.READ, Scope.SUBMIT]
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "expires")

    def clean_expires(self) -> Any:
        expires = self.cleaned_data["expires"]
        if expires is not None and expires <= timezone.now():
            raise forms.ValidationError("That is in the past: the key would never work.")
        return expires


@admin.register(ApiKey)
class ApiKeyAdmin(FastAdmin):
    """A key is made, looked at and revoked; never changed, for nobody would know what it was when it was used."""

    list_display = ("name", "start", "scope_words", "created", "last_used", "expires", "revoked")
    search_fields = ("name", "start")
    search_help_text = "Part of a name, or the first characters of a key."
    actions = ("revoke",)
    form = ApiKeyForm

    def get_list_filter(self, request: HttpRequest) -> tuple[Any, ...]:
        return (("revoked", admin.EmptyFieldListFilter),)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        made = ("name", "start", "scope_words", "created", "last_used", "expires", "revoked")
        return ("name", "scopes", "expires") if obj is None else made

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return () if obj is None else self.get_fields(request, obj)

    def get_form(
        self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        # One that is only looked at has no fields to fill in.
        if obj is not None:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        # A revoked key stays, so that its jobs still say whose they were.
        return False

    @admin.display(description="scopes")
    def scope_words(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            return
        made, secret = api_keys.create(name=obj.name, scopes=form.cleaned_data["scopes"], expires=obj.expires)
        obj.__dict__.update(made.__dict__)
        request.new_api_key = secret  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: Any = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "A new API key",
            "opts": self.model._meta,
            "key": obj,
            "secret": request.new_api_key,  # type: ignore[attr-defined]
        }
        response = TemplateResponse(request, "admin/api_key_made.html", context)
        add_never_cache_headers(response)
        return response

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    @confirmed("Revoke these keys? Programs that use them are refused at once.")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        done = [key for key in queryset if api_keys.revoke(key=key)]
        audit(request, done, "Revoked.")
        self.message_user(request, f"{len(done)} {'key' if len(done) == 1 else 'keys'} revoked.")
