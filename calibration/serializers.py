from decimal import Decimal
from functools import cached_property
from typing import Any

from rest_framework import serializers

from annotation.models import Study
from annotation.roles import studies_of
from annotation.serializers import UploadSerializer
from calibration.models import Audit, Plan, Rubric, Run, Score, Scorer
from calibration.plan_specification import GOALS
from generation.models import ModelServer


class ScorerSerializer(serializers.ModelSerializer[Scorer]):
    """A scorer; of what was asked live, the recipe and counts in the studies that one may see.

    `simulated`: its votes are of people who were made up.
    """

    simulated = serializers.BooleanField(read_only=True)
    metadata = serializers.SerializerMethodField()

    class Meta:
        model = Scorer
        fields = ["name", "family", "simulated", "metadata", "created_at"]

    def get_metadata(self, scorer: Scorer) -> dict[str, Any]:
        return scorer.metadata_for(self._studies)

    @cached_property
    def _studies(self) -> dict[int, str]:
        return dict(studies_of(self.context["request"].user).values_list("pk", "slug"))


class ScoreSerializer(serializers.ModelSerializer[Score]):
    """A score as it was given: a number, a distribution or votes, of an item or of a response.

    `simulated`: its votes are of people who were made up.
    """

    scorer = serializers.CharField(source="scorer.name")
    simulated = serializers.BooleanField(source="scorer.simulated")
    item_id = serializers.CharField(source="item.external_id", default=None)
    response_id = serializers.CharField(source="response.external_id", default=None)
    score = serializers.FloatField(source="value")

    class Meta:
        model = Score
        fields = [
            "scorer",
            "simulated",
            "item_id",
            "response_id",
            "score",
            "distribution",
            "votes",
            "metadata",
        ]


class ScoresUploadSerializer(UploadSerializer):
    scorer = serializers.CharField(required=False)
    family = serializers.ChoiceField(Scorer.Family.choices, required=False)


class AuditSerializer(serializers.ModelSerializer[Audit]):
    """An audit; `progress` is the share of it that is done, from 0 to 1."""

    study = serializers.CharField(source="study.slug")
    scorers: serializers.SlugRelatedField[Scorer] = serializers.SlugRelatedField(
        "name", many=True, read_only=True
    )

    class Meta:
        model = Audit
        fields = [
            "id", "study", "scorers", "preset", "subsets", "cluster_unit", "seed", "replicates", "epsilon",
            "margin", "confident", "with_excluded", "state", "progress", "error", "data_hash",
            "version", "created_at", "finished_at",
        ]  # fmt: skip


class AuditWithResultSerializer(AuditSerializer):
    result = serializers.JSONField(read_only=True)

    class Meta(AuditSerializer.Meta):
        fields = [*AuditSerializer.Meta.fields, "result"]


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses a name that it does not know: misspelt, it would be left out in silence."""

    def to_internal_value(self, data: Any) -> Any:
        known = super().to_internal_value(data)
        if unknown := [name for name in data if name not in self.fields]:
            there = ", ".join(self.fields)
            raise serializers.ValidationError(
                {name: [f"There is no such field; there are: {there}."] for name in unknown}
            )
        return known


class AddedScorersSerializer(StrictSerializer):
    scorers = serializers.ListField(child=serializers.CharField())


class NewAuditSerializer(StrictSerializer):
    """What is asked of an audit; without scorers, every scorer that scored the study.

    `subsets` are rules with their parameters, in place of the preset's; without a `cluster_unit`, intervals
    resample what the study's design chooses.
    """

    preset = serializers.ChoiceField(Audit.Preset.choices, default=Audit.Preset.STANDARD)
    scorers = serializers.ListField(child=serializers.CharField(), required=False)
    subsets = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField()), required=False, allow_null=True
    )
    cluster_unit = serializers.ChoiceField(Audit.ClusterUnit.choices, allow_blank=True, default="")
    seed = serializers.IntegerField(default=0)
    replicates = serializers.IntegerField(default=1000)
    epsilon = serializers.FloatField(default=0.2)
    margin = serializers.FloatField(default=0.5)
    confident = serializers.FloatField(default=0.75)
    with_excluded = serializers.BooleanField(default=False)


class PlanSerializer(serializers.ModelSerializer[Plan]):
    """A plan; `progress` is the share of its simulation that is done, from 0 to 1."""

    goal = serializers.ChoiceField(list(GOALS), read_only=True)
    pilot: serializers.SlugRelatedField[Study] = serializers.SlugRelatedField("slug", read_only=True)

    class Meta:
        model = Plan
        fields = [
            "id",
            "goal",
            "pilot",
            "specification",
            "state",
            "progress",
            "error",
            "created_at",
            "finished_at",
        ]


class PlanWithResultSerializer(PlanSerializer):
    result = serializers.JSONField(read_only=True)

    class Meta(PlanSerializer.Meta):
        fields = [*PlanSerializer.Meta.fields, "result"]


class NewPlanSerializer(serializers.Serializer[Any]):
    """What is asked of a plan; what is left out has its usual value, which the answer repeats."""

    goal = serializers.ChoiceField(list(GOALS))
    target = serializers.FloatField(required=False)
    pilot = serializers.CharField(required=False)
    labels_per_item = serializers.ListField(child=serializers.IntegerField(), required=False)
    items = serializers.IntegerField(required=False)
    most_items = serializers.IntegerField(required=False)
    level = serializers.CharField(required=False)
    entropy = serializers.CharField(required=False)
    noise_ratio = serializers.FloatField(required=False)
    people_ratio = serializers.FloatField(required=False)
    contested_share = serializers.FloatField(required=False)
    correlation = serializers.FloatField(required=False)
    annotators = serializers.IntegerField(required=False)
    epsilon = serializers.FloatField(required=False)
    judge = serializers.FloatField(required=False)
    scale_low = serializers.IntegerField(required=False)
    scale_high = serializers.IntegerField(required=False)
    shares = serializers.ListField(child=serializers.FloatField(), required=False)
    alpha = serializers.FloatField(required=False)
    query_share = serializers.FloatField(required=False)
    severity_share = serializers.FloatField(required=False)
    items_per_query = serializers.IntegerField(required=False)
    session_size = serializers.IntegerField(required=False)
    sessions_per_person = serializers.IntegerField(required=False)
    pay_by = serializers.CharField(required=False, allow_blank=True)
    pay_rate = serializers.CharField(required=False)
    currency = serializers.CharField(required=False, allow_blank=True)
    seconds_per_item = serializers.FloatField(required=False)
    fee_percent = serializers.FloatField(required=False)
    simulations = serializers.IntegerField(required=False)
    seed = serializers.IntegerField(required=False)


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run; `server` is the name of the one that it asks, null for a model in this process."""

    study = serializers.CharField(source="study.slug")
    server = serializers.CharField(source="server.name", default=None)
    kind = serializers.CharField(source="recipe.kind")
    simulated = serializers.BooleanField(read_only=True)

    class Meta:
        model = Run
        fields = [
            "id", "study", "scorer", "kind", "simulated", "recipe", "server", "price_in", "price_out",
            "currency", "budget_tokens", "budget_money", "workers", "trial", "state", "error", "created_at",
            "started_at", "finished_at",
        ]  # fmt: skip


class RunWithStandingSerializer(RunSerializer):
    """`standing` has its counts, what it took, when it will end, and a pairwise judge's position bias."""

    standing = serializers.SerializerMethodField()

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "standing"]

    def get_standing(self, run: Run) -> dict[str, Any]:
        from calibration.runs.standing import standing  # numpy starts slowly

        return standing(run).as_dict()


class NewRunSerializer(StrictSerializer):
    """What is asked of a run: a recipe, as docs/scorers.md describes it, and the name of a server.

    Prices are for a million tokens. Without a budget it asks until all is asked.
    """

    scorer = serializers.CharField()
    recipe = serializers.DictField()
    server = serializers.CharField(required=False, allow_null=True)
    price_in = serializers.DecimalField(max_digits=12, decimal_places=6, default=Decimal)
    price_out = serializers.DecimalField(max_digits=12, decimal_places=6, default=Decimal)
    currency = serializers.CharField(default="USD")
    budget_tokens = serializers.IntegerField(required=False, allow_null=True)
    budget_money = serializers.DecimalField(max_digits=12, decimal_places=4, required=False, allow_null=True)
    workers = serializers.IntegerField(default=1)


class StartSerializer(StrictSerializer):
    """With a number, a trial: only about so many targets."""

    trial = serializers.IntegerField(required=False, allow_null=True)


class ModelServerSerializer(serializers.ModelSerializer[ModelServer]):
    class Meta:
        model = ModelServer
        fields = ["name", "shared", "concurrency", "requests_a_minute", "timeout"]


class RubricSerializer(serializers.ModelSerializer[Rubric]):
    class Meta:
        model = Rubric
        fields = ["name", "version", "content", "created_at"]


class NewRubricSerializer(StrictSerializer):
    name = serializers.CharField()
    content = serializers.DictField()
