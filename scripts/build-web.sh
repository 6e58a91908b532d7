#!/usr/bin/env bash
# Builds widget and console into web/*/dist, each only when a source is newer than its last build.
set -eu
cd "$(dirname "$0")/.."
scripts/npm-ci.sh web

is_fresh() {
    [ -e "web/$1/dist" ] && [ -e "$2" ] || return 1
    newer=$(find "web/$1" web/sdk web/package-lock.json -newer "$2" -type f \
        -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/paraglide/*' -print -quit)
    [ -z "$newer" ]
}

for package in widget console; do
    stamp=web/node_modules/.centralita-built-$package
    if ! is_fresh "$package" "$stamp"; then
        echo "Building web/$package"
        npm --prefix "web/$package" run build --silent </dev/null
        touch "$stamp"
    fi
done
