#!/usr/bin/env python
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    try:
        execute_from_command_line(sys.argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except (OperationalError, ProgrammingError) as error:
        said = (str(error).splitlines() or [""])[0]
        if "--traceback" in sys.argv:
            raise
        if "no such table" in said or "no such column" in said or "does not exist" in said:
            mend = "Bring its tables up to date: manage.py migrate, or bin/serve."
        elif "locked" in said:
            mend = "Another process has been writing for a minute: give the same command again."
        else:
            mend = "See to it that it runs and has room, and that DATABASE_URL names it."
        sys.exit(f"The database does not answer: {said}. {mend}")
    except BrokenPipeError:  # as with `| head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
