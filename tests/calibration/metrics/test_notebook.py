import os
import subprocess
import sys
from pathlib import Path

import calibration.metrics

ROOT = Path(__file__).parents[3]


def plainly(code: str) -> str:
    """What code prints in a process that knows of no settings."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_worked_example_of_the_documentation_holds_without_the_server() -> None:
    run = "found = doctest.testfile('docs/audit.md', module_relative=False)"
    told = plainly(
        f"import doctest, sys; {run}; print(found.failed, found.attempted, 'django' in sys.modules)"
    )
    failed, attempted, django = told.split("\n")[-1].split()
    assert (failed, django) == ("0", "False"), told
    assert int(attempted) > 50


def test_every_public_name_is_a_function_or_a_type_and_importing_them_loads_numpy_alone() -> None:
    assert all(callable(getattr(calibration.metrics, name)) for name in calibration.metrics.__all__)
    loaded = "import sys, calibration.metrics; print({'django', 'scipy', 'pandas'} & set(sys.modules))"
    assert plainly(loaded) == "set()"
