#!/usr/bin/env bash
# Everything: formatting, lints, graph, licences, unit tests on both engines, generated files, end to end.
# Installs missing Debian packages itself when it may. Ends with `N passed, N failed`; status 1 when any failed.
set -u
cd "$(dirname "$0")/.."
export CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0} CARGO_TERM_COLOR=never NO_COLOR=1

scripts/debian.sh postgresql chromium dovecot-imapd postfix swaks openssl || exit 1
source scripts/steps.sh

# A PostgreSQL of our own, gone at the end whatever happens.
postgres=$(mktemp -d /tmp/centralita-test-XXXXXX)
chmod 755 "$postgres"
stop_postgres() {
    scripts/postgres.sh stop "$postgres/server" >/dev/null 2>&1
    rm -rf "$postgres"
}
trap stop_postgres EXIT
trap 'exit 130' INT TERM

vitest() {
    npm --prefix "web/$1" test --silent -- --reporter=default --reporter=json --outputFile.json="$PWD/results/vitest-$1.json"
}

start_postgres() {
    CENTRALITA_TEST_POSTGRES=$(scripts/postgres.sh start "$postgres/server" "$(node scripts/free-port.mjs)") || return 1
    export CENTRALITA_TEST_POSTGRES
}

rust_tests() {
    if command -v cargo-nextest >/dev/null; then
        cargo nextest run --workspace --config-file scripts/nextest.toml --profile test
    else
        cargo test --workspace --lib --bins --tests --no-fail-fast
    fi
}

e2e() {
    step "e2e $1" node e2e/run.mjs "$@"
    report e2e "results/$1.json"
}

step "web: packages" scripts/npm-ci.sh web
step "web: build" scripts/build-web.sh
step "web: widget size" npm --prefix web/widget run size --silent
step "web: console size" npm --prefix web/console run size --silent
for package in sdk widget console; do
    step "web: $package types" npm --prefix "web/$package" run check --silent
    rm -f "results/vitest-$package.json"
    step "web: $package unit tests" vitest "$package"
    report vitest "results/vitest-$package.json"
done

step "rust: format" cargo fmt --all -- --check -l
step "rust: lints" cargo clippy --quiet --workspace --all-targets -- -D warnings
step "rust: crate graph" cargo xtask graph
step "rust: licences and sources" scripts/deny.sh
step "repository: words" cargo xtask words
step "repository: languages" cargo xtask i18n

start_postgres || step "postgres: start" false
rm -f target/nextest/test/junit.xml
step "rust: tests" rust_tests
if command -v cargo-nextest >/dev/null; then
    report junit target/nextest/test/junit.xml
else
    report cargo results/logs/rust-tests.log
fi
step "rust: documentation tests" cargo test --quiet --workspace --doc

step "rust: binary" cargo build --quiet --package centralita
step "repository: generated files" cargo xtask openapi --check
step "e2e: packages" scripts/npm-ci.sh e2e
e2e onboarding
e2e main-job
e2e crash --short
e2e keyboard
e2e axe

finish test
