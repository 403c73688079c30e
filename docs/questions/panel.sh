#!/usr/bin/env bash
# Do personas answer as people do? Shown with people and a model who are both scripted (scripted_people.py), so that
# it is known what has to come out: this shows that the way works, and nothing about people or models.
# In some minutes, without a network. Stopped, the same command goes on; what is there is not made again.
#
#   .venv/bin/python manage.py migrate
#   docs/questions/panel.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python} port=${PORT:-8765} size=${SIZE:-40}
manage() { "$python" manage.py "$@"; }
there() { [ "$(manage shell --no-imports -c "from $1 import $2; print($2.objects.filter($3).exists())")" = True ]; }

# What people answered, and what they said of themselves.
labels=$(mktemp --suffix .jsonl)
trap 'rm -f "$labels"' EXIT
"$python" docs/questions/scripted_people.py labels "$labels"
there annotation.models Study "slug='scripted'" ||
  manage import_labels "$labels" --study scripted --kind rating --question "How good is this answer?"
manage shell --no-imports -c "from docs.questions.scripted_people import keep_surveys; keep_surveys('scripted')"

# A panel with the same shares of each answer, asked about every response by the scripted server.
there calibration.models Panel "name='scripted'" ||
  manage make_panel scripted --study scripted --size "$size" --seed 1
"$python" docs/questions/scripted_people.py serve "$port" &
trap 'rm -f "$labels"; kill '$! EXIT
manage score scripted panel --panel scripted --model scripted --base-url "http://127.0.0.1:$port/v1" --seed 1 \
  --name "scripted panel"

# As any scorer, then effect by effect.
manage audit scripted --preset standard --seed 1
manage replicate_effects scripted --scorer "scripted panel" --contrasts docs/questions/panel_contrasts.csv
