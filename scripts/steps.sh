# Sourced by test.sh and check.sh: named steps that go on after a failure and are summed up at the end.
#
#   step NAME COMMAND...           runs it; its output goes to results/logs/ and to the terminal
#   report KIND FILE               says where the step before wrote its cases (junit, cargo, vitest, e2e)
#   finish NAME                    writes results/NAME.json, prints `N passed, N failed`, returns 1 on failure

rm -rf results/logs results/steps.jsonl
mkdir -p results/logs

step() {
    local name=$1 log started status
    shift
    log=results/logs/$(echo "$name" | tr -cs 'a-zA-Z0-9\n' '-').log
    printf '\n── %s\n' "$name"
    started=$(date +%s%3N)
    "$@" </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    printf '{"step":"%s","ok":%s,"ms":%s,"log":"%s"}\n' "$name" \
        "$([ "$status" = 0 ] && echo true || echo false)" "$(($(date +%s%3N) - started))" "$log" >>results/steps.jsonl
    [ "$status" = 0 ] || printf '✗ %s (exit status %s)\n' "$name" "$status"
    return "$status"
}

report() {
    printf '{"report":"%s","file":"%s"}\n' "$1" "$2" >>results/steps.jsonl
}

finish() {
    node scripts/summary.mjs "$1"
}
