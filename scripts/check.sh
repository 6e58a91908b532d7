#!/usr/bin/env bash
# The inner loop: format, lints, graph, tests of what changed since the last commit, generated files.
# Quick after a small edit; `make test` is the whole.
set -u
cd "$(dirname "$0")/.."
source scripts/steps.sh

changed=$(cargo xtask changed) || exit 1
crates=$(sed -n 's/^crate /--package /p' <<<"$changed")
packages=$(sed -n 's/^web //p' <<<"$changed")

step "format" cargo fmt --all -- --check -l
step "lints" cargo clippy --quiet --workspace --all-targets -- -D warnings
step "crate graph" cargo xtask graph
step "words" cargo xtask words
step "languages" cargo xtask i18n
if [ -n "$crates" ]; then
    # shellcheck disable=SC2086 # one word per argument
    step "tests" cargo test --quiet $crates --lib --bins --tests
fi
if [ -n "$packages" ]; then
    scripts/npm-ci.sh web
    for package in $packages; do
        step "web: $package types" npm --prefix "web/$package" run check --silent
        step "web: $package unit tests" npm --prefix "web/$package" test --silent
    done
fi
if grep -q '^crate api$' <<<"$changed"; then
    scripts/npm-ci.sh web
    step "generated files" cargo xtask openapi --check
fi

finish check
