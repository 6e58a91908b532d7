#!/usr/bin/env bash
# npm ci in a folder, only when its lock file changed since the last time.
set -eu
cd "$(dirname "$0")/../$1"
stamp=node_modules/.centralita-lock
if ! cmp -s package-lock.json "$stamp"; then
    npm ci --no-audit --no-fund --loglevel=error </dev/null
    cp package-lock.json "$stamp"
fi
