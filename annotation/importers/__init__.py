"""Items and labels from files, all or none."""

from annotation.importers.items import import_items
from annotation.importers.labels import import_labels

__all__ = ["import_items", "import_labels"]
