#!/usr/bin/env bash
# cargo-deny, pinned, kept in .tools/: built once (about a minute), unoptimised since it runs for a second.
set -eu
cd "$(dirname "$0")/.."
VERSION=0.20.2
tool=.tools/bin/cargo-deny
if [ "$("$tool" --version 2>/dev/null)" != "cargo-deny $VERSION" ]; then
    cargo install cargo-deny --version "$VERSION" --locked --debug --quiet --root .tools --target-dir target/tools
    rm -rf target/tools
fi
exec "$tool" --log-level error check bans licenses sources
