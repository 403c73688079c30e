"""What models say: queries, models, their responses, and the runs that ask for them."""

from generation.models.diversity import DiversityReport
from generation.models.encoders import Encoder
from generation.models.mining import Candidate, Mining
from generation.models.reports import AbstractReport
from generation.models.runs import AbstractCall, AbstractRun, Call, Caller, Run
from generation.models.servers import ModelServer
from generation.models.taxonomy import Category, Classification
from generation.models.texts import Collection, Condition, LanguageModel, Query, Response, digest
from generation.models.training import FormatReport, FormatRules, ResponseFormat, TaskOrderReport

__all__ = [
    "AbstractCall",
    "AbstractReport",
    "AbstractRun",
    "Call",
    "Caller",
    "Candidate",
    "Category",
    "Classification",
    "Collection",
    "Condition",
    "DiversityReport",
    "Encoder",
    "FormatReport",
    "FormatRules",
    "LanguageModel",
    "Mining",
    "ModelServer",
    "Query",
    "Response",
    "ResponseFormat",
    "Run",
    "TaskOrderReport",
    "digest",
]
