#!/usr/bin/env bash
# Feeds damaged input to one target, or to all of them: scripts/fuzz.sh [TARGET] [SECONDS]
# One target runs for a minute, all of them for half an hour. SEED=… repeats a run.
set -eu
cd "$(dirname "$0")/.."
target=${1:-}
if [ -n "$target" ]; then seconds=${2:-60}; else seconds=${2:-1800}; fi
exec cargo run --quiet --package fuzz -- ${target:+"$target"} --seconds "$seconds" ${SEED:+--seed "$SEED"}
