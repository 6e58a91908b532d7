# The commands of this repository. `make run` and `make test` need only Rust, Node and Debian or Ubuntu.

SHELL := /bin/bash
.DEFAULT_GOAL := run
.PHONY: run test check bench e2e fuzz sim tools web openapi clean-results

BINARY := target/debug/centralita
DATA ?= ./data
LISTEN ?= 127.0.0.1:8080
SEEDS ?= 2000

# Starts Centralita with demo data and prints a one-use link.
run: web
	cargo build --package centralita
	$(BINARY) run --demo --data-dir $(DATA) --listen $(LISTEN)

# Everything, as continuous integration runs it.
test: tools
	scripts/test.sh

# The inner loop: quick after a small edit.
check: tools
	scripts/check.sh

# One workload of the benchmark against its floor: make bench W=w1
bench: tools web
	@test -n "$(W)" || { echo "make bench W=<workload>, for example W=w1"; exit 2; }
	cargo run --release --package centralita --features bench -- bench $(W)

# One end-to-end suite: make e2e S=onboarding (ARGS are passed on)
e2e: web
	@test -n "$(S)" || { echo "make e2e S=<suite>: $$(cd e2e/suites && ls *.mjs | sed 's/.mjs//' | paste -sd' ')"; exit 2; }
	cargo build --package centralita
	scripts/npm-ci.sh e2e
	node e2e/run.mjs $(S) $(ARGS)

# Feeds what reads bytes from strangers: make fuzz T=<target>
fuzz: tools
	scripts/fuzz.sh $(T)

# Seeded worlds, the router against a naive one: make sim SEEDS=10000
sim: tools
	SEEDS=$(SEEDS) cargo test --package domain --test it in_every_seeded_world -- --nocapture

# Writes openapi.json and the TypeScript types from the code.
openapi: tools
	scripts/npm-ci.sh web
	cargo xtask openapi

# The built console and widget.
web: tools
	scripts/build-web.sh

tools:
	@scripts/tools.sh
