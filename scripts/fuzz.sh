#!/usr/bin/env bash
# Fuzzes one target of fuzz/ on stable Rust: scripts/fuzz.sh TARGET [SECONDS]
set -eu
cd "$(dirname "$0")/.."
targets=$(ls fuzz/targets 2>/dev/null | sed 's/\.rs$//' | paste -sd' ')
if [ $# -eq 0 ] || ! [[ " $targets " == *" $1 "* ]]; then
    echo "make fuzz T=<target>: ${targets:-none in fuzz/targets}" >&2
    exit 2
fi
passes="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
counters="-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
compares="-Cllvm-args=-sanitizer-coverage-trace-compares"
export RUSTFLAGS="--cfg fuzzing $passes $counters $compares -Ccodegen-units=1"
mkdir -p "fuzz/corpus/$1"
exec cargo run --manifest-path fuzz/Cargo.toml --release --target-dir target/fuzz --bin "$1" -- \
    -max_total_time="${2:-60}" "fuzz/corpus/$1"
