# Sourced by test.sh and check.sh: named steps that go on after a failure and are summed up at the end.
#
#   step NAME COMMAND...           runs it; its output goes to results/logs/, the end of it here when it fails
#   report KIND FILE               says where the step before wrote its cases (junit, cargo, vitest, e2e)
#   finish NAME                    writes results/NAME.json, prints `N passed, N failed`, returns 1 on failure

rm -rf results/logs results/steps.jsonl
mkdir -p results/logs

step() {
    local name=$1 log started status ms
    shift
    log=results/logs/$(echo "$name" | tr -cs 'a-zA-Z0-9\n' '-').log
    started=$(date +%s%3N)
    "$@" </dev/null >"$log" 2>&1
    status=$?
    ms=$(($(date +%s%3N) - started))
    printf '{"step":"%s","ok":%s,"ms":%s,"log":"%s"}\n' "$name" \
        "$([ "$status" = 0 ] && echo true || echo false)" "$ms" "$log" >>results/steps.jsonl
    if [ "$status" = 0 ]; then
        printf '✓ %s (%s s)\n' "$name" "$((ms / 1000))"
    else
        printf '✗ %s (exit status %s after %s s; the whole output is in %s)\n' "$name" "$status" "$((ms / 1000))" "$log"
        tail -n 40 "$log" | sed 's/^/    /'
    fi
    return "$status"
}

report() {
    printf '{"report":"%s","file":"%s"}\n' "$1" "$2" >>results/steps.jsonl
}

finish() {
    node scripts/summary.mjs "$1"
}
