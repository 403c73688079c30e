import doctest
import subprocess
import sys
from pathlib import Path

import calibration.metrics

ROOT = Path(__file__).parents[3]


def test_the_worked_example_of_the_documentation_holds():
    page = ROOT / "docs" / "audit.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.failed == 0 and found.attempted > 40


def test_every_public_name_is_a_function_or_a_type_and_importing_them_loads_numpy_alone():
    assert all(callable(getattr(calibration.metrics, name)) for name in calibration.metrics.__all__)
    loaded = "import sys, calibration.metrics; print({'django', 'scipy', 'pandas'} & set(sys.modules))"
    told = subprocess.run(
        [sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "set()"
