from typing import Any

from django import forms
from rest_framework import serializers

from annotation.exporters import FORMATS, SHAPES
from annotation.models import Item, Membership, Study
from generation.forms.files import RowsFileField


class StudySerializer(serializers.ModelSerializer[Study]):
    items = serializers.IntegerField(source="number_of_items", read_only=True)
    labels = serializers.IntegerField(source="number_of_labels", read_only=True)
    scale_words = serializers.ListField(child=serializers.CharField(allow_blank=True), required=False)

    class Meta:
        model = Study
        fields = [
            "slug", "name", "kind", "state", "question", "instructions", "consent", "consent_version",
            "scale_low", "scale_high", "scale_words", "markdown", "labels_per_item", "session_size",
            "sessions_per_person", "design", "time_limit_minutes", "completion_code", "partial_code",
            "no_work_code", "pay_by", "pay_rate", "currency", "quality_limits", "imported",
            "simulated", "items", "labels", "created_at", "opened_at", "closed_at",
        ]  # fmt: skip
        read_only_fields = [
            "state", "consent_version", "imported", "simulated", "created_at", "opened_at", "closed_at",
        ]  # fmt: skip
        # The question, the scale and the texts have the kind's own defaults.
        extra_kwargs = {"kind": {"required": True}, "question": {"required": False}}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """A study's name in addresses, and its kind, are given when it is made and stay."""
        fields = super().get_fields()
        if self.instance is not None:
            for name in ("slug", "kind"):
                fields[name].read_only = True
        return fields


class ItemSerializer(serializers.ModelSerializer[Item]):
    query = serializers.CharField(source="query.text")
    response = serializers.CharField(source="response.text", default=None)
    response_1 = serializers.CharField(source="response_1.text", default=None)
    response_2 = serializers.CharField(source="response_2.text", default=None)

    class Meta:
        model = Item
        fields = [
            "external_id",
            "position",
            "block",
            "extra_labels",
            "query",
            "claim",
            "response",
            "response_1",
            "response_2",
            "metadata",
        ]

    def to_representation(self, instance: Item) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return {
            "item_id": shown.pop("external_id"),
            **{name: x for name, x in shown.items() if x is not None and (name != "claim" or x)},
        }


class MemberSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="user.username", max_length=150)
    role = serializers.ChoiceField(Membership.Role.choices)


class UploadSerializer(serializers.Serializer[Any]):
    """A file of the import formats; its name's suffix says which."""

    file = serializers.FileField()
    skip_bad_rows = serializers.BooleanField(default=False)

    def validate_file(self, file: Any) -> Any:
        try:
            return RowsFileField().clean(file)
        except forms.ValidationError as error:
            raise serializers.ValidationError(error.messages) from None


class ItemsUploadSerializer(UploadSerializer):
    extend = serializers.BooleanField(default=False, help_text="Also when the study was opened.")
    name = serializers.CharField(required=False)
    kind = serializers.ChoiceField(Study.Kind.choices, required=False)
    labels_per_item = serializers.IntegerField(required=False, min_value=1)
    session_size = serializers.IntegerField(required=False, min_value=1)
    design = serializers.ChoiceField(Study.Design.choices, required=False)


class LabelsUploadSerializer(UploadSerializer):
    name = serializers.CharField(required=False)
    kind = serializers.ChoiceField(Study.Kind.choices, required=False)
    scale_low = serializers.IntegerField(required=False)
    scale_high = serializers.IntegerField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("scale_low" in attrs) != ("scale_high" in attrs):
            raise serializers.ValidationError("Give both scale_low and scale_high, or neither.")
        if "scale_low" in attrs:
            attrs["scale"] = (attrs.pop("scale_low"), attrs.pop("scale_high"))
        return attrs


class ImportedSerializer(serializers.Serializer[Any]):
    """What an import did."""

    detail = serializers.CharField()
    rows = serializers.IntegerField()
    created = serializers.DictField(child=serializers.IntegerField())
    skipped = serializers.ListField(child=serializers.CharField())


class AgreementQuerySerializer(serializers.Serializer[Any]):
    replicates = serializers.IntegerField(default=1000, min_value=0, max_value=100_000)
    seed = serializers.IntegerField(default=0, min_value=0)
    with_excluded = serializers.BooleanField(default=False)
    interval = serializers.ChoiceField(["cluster", "item", "jackknife"], default="cluster")


class ExportQuerySerializer(serializers.Serializer[Any]):
    file_format = serializers.ChoiceField(list(FORMATS), default="jsonl")
    shape = serializers.ChoiceField(list(SHAPES), default="long")
    with_excluded = serializers.BooleanField(allow_null=True, default=None)
