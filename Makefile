# Go and make are all that run, demo and test need. The tools of the other
# targets are pinned in tools/versions and installed into .bin when first used.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory --warn-undefined-variables

BIN := $(CURDIR)/.bin
BUF := $(BIN)/node/node_modules/.bin/buf
LINT := $(BIN)/golangci-lint
# Folders of generated code. What is not named *.pb.go there is written by hand.
GENERATED := gen examples/gen internal/testkit/gen

# Flags for go test (test, race, cover) and for the benchmarks (bench).
TESTFLAGS ?=
BENCHFLAGS ?=
# How long each fuzz target runs.
FUZZTIME ?= 20s

##@ Start here: Go and make are enough

.PHONY: run
run: ## Walk through a login, then leave the server up to play with
	@go build -o .bin/tour ./examples/tour && exec .bin/tour

.PHONY: demo
demo: ## The same walk, then exit 0 when every step came out as it should
	@go build -o .bin/tour ./examples/tour && exec .bin/tour --once

.PHONY: test
test: ## Run the tests, then list those that lacked a program here
	@TESTFLAGS='$(TESTFLAGS)' sh tools/test.sh

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^##@ / { print "\n" substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

##@ Measure

.PHONY: bench
bench: ## Measure speed beside the peers into docs/benchmarks*.md (BENCHFLAGS for flags)
	@cd bench && go run . -docs ../docs $(BENCHFLAGS)
	@cd bench && go run . -auth -docs ../docs $(BENCHFLAGS)

.PHONY: bench-gate
bench-gate: ## Fail where checking a token, a login or a refresh costs more than it may
	@cd bench && go run . -gate -rounds 600 $(BENCHFLAGS)

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (20s)
	@sh tools/fuzz.sh $(FUZZTIME)

.PHONY: cover
cover: ## Measure the tests' coverage of what people wrote, into cover.out
	@mkdir -p .cache
	@go test $(TESTFLAGS) -coverprofile=cover.out -coverpkg="$$(sh tools/packages.sh)" ./... \
		>.cache/cover.log || { cat .cache/cover.log; exit 1; }
	@go tool cover -func=cover.out | tail -n 1

##@ Check (npm must be there for what is marked so)

.PHONY: race
race: ## Run the tests under the race detector (needs a C compiler)
	@go test -race $(TESTFLAGS) ./...

.PHONY: lint
lint: .bin/golangci-lint .bin/buf ## Lint Go code and protos (npm)
	@$(LINT) run ./...
	@cd bench && $(LINT) run --config ../.golangci.yml ./...
	@$(BUF) lint
	@$(BUF) format --diff --exit-code

.PHONY: tidy-check
tidy-check: ## Fail when go mod tidy would change something
	@go mod tidy -diff
	@cd bench && go mod tidy -diff

.PHONY: check-generated
check-generated: .cache/generated ## Fail when the generated code is not the protos' (npm)
	@for dir in $(GENERATED); do \
		diff -ru $$dir .cache/generated/$$dir || { echo "stale: run make generate"; exit 1; }; \
	done

.PHONY: check-rules
check-rules: .cache/rules ## Fail when docs/rules.* are stale, and show what the protos open since (npm)
	@$(BIN)/grpcauth rules --descriptor-set .cache/rules/set.binpb --diff docs/rules.json || \
		{ echo "stale: see to it that this may be open, then run make rules"; exit 1; }
	@for file in rules.md rules.json; do \
		diff -u docs/$$file .cache/rules/$$file || { echo "stale: run make rules"; exit 1; }; \
	done

.PHONY: breaking
breaking: .bin/buf ## Fail when a proto breaks what the baseline promised (npm)
	@$(BUF) breaking proto --against proto/baseline.binpb

.PHONY: ci
ci: ## Run everything that CI runs (npm)
	@bash .ci/run

##@ Change (npm must be there for what is marked so)

.PHONY: generate
generate: .cache/generated ## Generate Go code from the protos (npm)
	@for dir in $(GENERATED); do rm -rf $$dir && cp -R .cache/generated/$$dir $$dir || exit 1; done

.PHONY: rules
rules: .cache/rules ## Write who may call our own services into docs/rules.* (npm)
	@cp .cache/rules/rules.md .cache/rules/rules.json docs/

.PHONY: baseline
baseline: .bin/buf ## Make the protos as they are the baseline, at a release (npm)
	@$(BUF) build proto --exclude-source-info --output proto/baseline.binpb

.PHONY: readme
readme: ## Copy the examples into the README and the docs
	@go test ./examples/guide ./examples/movingin -run '^TestWhat' -count=1 -update
	@GRPCAUTH_TEST_UPDATE=1 go test ./cmd/grpcauth -run '^TestWhatMovingInShows$$' -count=1
	@go test ./internal/repo -run '^Test(ReadmeShows|DocsShow)TheExamples$$' -count=1 -update

.PHONY: format
format: .bin/golangci-lint .bin/buf ## Format Go code and protos (npm)
	@$(LINT) fmt ./...
	@cd bench && $(LINT) fmt --config ../.golangci.yml ./...
	@$(BUF) format --write

.PHONY: tools
tools: .bin/buf .bin/protoc-gen-go .bin/protoc-gen-go-grpc .bin/golangci-lint .bin/grpcurl .bin/peers ## Install every tool into .bin (npm)

.PHONY: clean
clean: ## Remove installed tools, built programs and caches; databases and keys stay
	@rm -rf .bin .cache cover.out grpcauth bench/bench

# The npm packages that internal/peers runs, as its lock file pins them.
.bin/peers: FORCE
	@sh tools/peers.sh

# A tool is asked for by name. It is installed only when the one that is there
# is not of the version in tools/versions.
.bin/%: FORCE
	@sh tools/install.sh $*

.PHONY: .cache/generated
.cache/generated: .bin/buf .bin/protoc-gen-go .bin/protoc-gen-go-grpc
	@rm -rf $@ && mkdir -p $@
	@PATH="$(BIN):$$PATH" $(BUF) generate --output $@
	@find $(GENERATED) -type f ! -name '*.pb.go' | while read -r file; do cp "$$file" "$@/$$file" || exit 1; done

# Who may call the services of ours that are there for more than tests and docs.
.PHONY: .cache/rules
.cache/rules: .bin/buf
	@rm -rf $@ && mkdir -p $@
	@$(BUF) build --exclude-path internal/testkit/proto/testkit --exclude-path examples/proto/guide --output $@/set.binpb
	@go build -o $(BIN)/grpcauth ./cmd/grpcauth
	@$(BIN)/grpcauth rules --descriptor-set $@/set.binpb --fail-on-missing --markdown >$@/rules.md
	@$(BIN)/grpcauth rules --descriptor-set $@/set.binpb --json >$@/rules.json

.PHONY: FORCE
FORCE:
