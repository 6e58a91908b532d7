#!/usr/bin/env bash
# Says in one line what to install when rustc, Node or a C compiler is missing or too old.
set -u

RUST=1.95.0
NODE=20.19.0

at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

need=()
rust=$(rustc --version 2>/dev/null | cut -d' ' -f2)
at_least "$RUST" "${rust:-0}" || need+=("Rust ${RUST%.0} or newer, found ${rust:-none} (https://rustup.rs)")
node=$(node --version 2>/dev/null | tr -d v)
at_least "$NODE" "${node:-0}" || need+=("Node ${NODE%.0} or newer, found ${node:-none} (https://nodejs.org)")
command -v npm >/dev/null || need+=("npm")
command -v cc >/dev/null || need+=("a C compiler (apt-get install build-essential)")

[ ${#need[@]} -eq 0 ] && exit 0
(IFS=';'; echo "Please install: ${need[*]}" | sed 's/;/; /g') >&2
exit 1
