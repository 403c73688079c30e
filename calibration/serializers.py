from typing import Any

from rest_framework import serializers

from annotation.serializers import UploadSerializer
from calibration.models import Audit, Score, Scorer


class ScorerSerializer(serializers.ModelSerializer[Scorer]):
    class Meta:
        model = Scorer
        fields = ["name", "family", "metadata", "created_at"]


class ScoreSerializer(serializers.ModelSerializer[Score]):
    """A score as it was given: a number, a distribution or votes, of an item or of a response."""

    scorer = serializers.CharField(source="scorer.name")
    item_id = serializers.CharField(source="item.external_id", default=None)
    response_id = serializers.CharField(source="response.external_id", default=None)
    score = serializers.FloatField(source="value")

    class Meta:
        model = Score
        fields = ["scorer", "item_id", "response_id", "score", "distribution", "votes", "metadata"]


class ScoresUploadSerializer(UploadSerializer):
    scorer = serializers.CharField(required=False)
    family = serializers.ChoiceField(Scorer.Family.choices, required=False)


class AuditSerializer(serializers.ModelSerializer[Audit]):
    study = serializers.CharField(source="study.slug")
    scorers: serializers.SlugRelatedField[Scorer] = serializers.SlugRelatedField(
        "name", many=True, read_only=True
    )

    class Meta:
        model = Audit
        fields = [
            "id", "study", "scorers", "preset", "seed", "replicates", "epsilon", "with_excluded",
            "state", "error", "data_hash", "version", "created_at", "finished_at",
        ]  # fmt: skip


class AuditWithResultSerializer(AuditSerializer):
    result = serializers.JSONField(read_only=True)

    class Meta(AuditSerializer.Meta):
        fields = [*AuditSerializer.Meta.fields, "result"]


class NewAuditSerializer(serializers.Serializer[Any]):
    """What is asked of an audit; without scorers, every scorer that scored the study."""

    preset = serializers.ChoiceField(Audit.Preset.choices, default=Audit.Preset.STANDARD)
    scorers = serializers.ListField(child=serializers.CharField(), required=False)
    seed = serializers.IntegerField(default=0)
    replicates = serializers.IntegerField(default=1000)
    epsilon = serializers.FloatField(default=0.2)
    with_excluded = serializers.BooleanField(default=False)
