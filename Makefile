# Every command here is plain Go; the targets only save typing. `make` lists them.

GO       ?= go
FUZZTIME ?= 30s
MUTANTTIME ?= 60s
SEEDS    ?= 200
# Packages that start no goroutine, in code or test: the race detector has nothing to see there. The layering test holds them to it.
RACELESS := engine/draw engine/invariant engine/invariant/breach engine/measure engine/result engine/result/void
RACE     ?= $(filter-out $(addprefix github.com/racebench/racebench/,$(RACELESS)),$(shell $(GO) list ./targets/external ./cmd/... ./engine/... ./targets/...))

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.PHONY: build
build: ## build bin/racebench
	$(GO) build -o bin/racebench ./cmd/racebench

.PHONY: test
test: ## run the quick tests, the longest first
	$(GO) test -timeout 30m ./targets/external ./...

.PHONY: check
check: ## formatting, vet, the layering test, and golangci-lint where it is installed
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then \
		echo "not formatted (gofmt -w):"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) test ./internal/layering
	@if command -v golangci-lint >/dev/null; then \
		echo golangci-lint run; golangci-lint run; \
	else echo "golangci-lint is not installed: its checks were not run"; fi

.PHONY: race
race: ## run the tests of all that runs goroutines under the race detector
	CGO_ENABLED=1 $(GO) test -race -timeout 30m $(RACE)

.PHONY: bench
bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-sim
bench-sim: ## print the speed and the hit rates of the simulated world as a table
	@$(GO) test -run '^$$' -bench 'SmallBroker|Locks' -benchtime 2s ./engine/trial ./engine/explore | awk ' \
		BEGIN { printf "%-32s %16s %14s   %s\n", "speed on one core", "million steps/s", "schedules/s", "goal" } \
		/^Benchmark/ { m = s = "-"; for (i = 4; i <= NF; i++) { if ($$i == "Msteps/s") m = $$(i-1); if ($$i == "schedules/s") s = $$(i-1) } \
			sub(/^Benchmark/, "", $$1); sub(/-[0-9]+$$/, "", $$1); \
			goal = $$1 ~ /^Small/ ? "8" : $$1 ~ /\/5$$/ ? "15" : "a quarter of 5 tasks"; \
			printf "%-32s %16s %14s   %s\n", $$1, m, s, goal } \
		/FAIL/ { print; bad = 1 } END { exit bad }'
	@$(GO) test -run '^$$' -bench FirstBreach -benchtime 1x ./engine/trial | awk ' \
		BEGIN { printf "\n%-32s %16s %14s %8s   %s\n", "schedules to the first breach", "median", "p90", "missed", "goal" } \
		/^Benchmark/ { for (i = 4; i <= NF; i++) v[$$i] = $$(i-1); \
			sub(/^Benchmark/, "", $$1); sub(/-[0-9]+$$/, "", $$1); \
			printf "%-32s %17s %14s %8s   %s\n", $$1, v["median"], v["p90"], v["missed"], "100, 1000" } \
		/FAIL/ { print; bad = 1 } END { exit bad }'

.PHONY: bench-load
bench-load: ## measure what a request of plain load costs, beside wrk, h2load and other load generators that are here (ROUNDS=5, ROUNDTIME=3 seconds)
	RACEBENCH_ROUNDS=$(ROUNDS) RACEBENCH_ROUND_TIME=$(ROUNDTIME) $(GO) test -tags peers -count=1 -v -timeout 30m -run '^TestPeers$$' ./internal/peers

.PHONY: determinism
determinism: ## play SEEDS (200) seeds of every strategy and broker variant here and elsewhere: all must be the same
	CGO_ENABLED=1 $(GO) test -race -c -o bin/engine.race.test ./engine/trial
	RACEBENCH_SEEDS=$(SEEDS) RACEBENCH_RACE_BUILD=$(CURDIR)/bin/engine.race.test \
		$(GO) test -count=1 -v -timeout 4h -run '^TestSchedulesAreTheSameEverywhere$$' ./engine/trial

.PHONY: track-record
track-record: ## measure every planted bug, or those that match ONLY, and write docs/track-record.md (half a minute each)
	RACEBENCH_ONLY='$(ONLY)' $(GO) test -tags track -count=1 -v -timeout 1h -run '^TestTrackRecord$$' ./internal/claims

.PHONY: mutant
mutant: ## build bin/racebench-BUG, with a bug that is no longer in the code: make mutant BUG=R1
	RACEBENCH_MUTANT=$(BUG) RACEBENCH_MUTANT_OUT=$(CURDIR)/bin/racebench-$(BUG) $(GO) test -count=1 -run '^TestMutant$$' ./internal/claims

.PHONY: mutants
mutants: ## search each small mistake that was put into a correct design, or those that match ONLY, for MUTANTTIME (60s)
	RACEBENCH_ONLY='$(ONLY)' RACEBENCH_MUTANTS_FOR=$(MUTANTTIME) $(GO) test -tags mutants -count=1 -v -timeout 2h -run '^TestFuzzMutants$$' ./internal/mutants

.PHONY: golden
golden: ## rewrite the golden files of the packages that have some
	$(GO) test $$(grep -rl --include='*_test.go' 'Bool("update"' . | xargs -n 1 dirname | sort -u) -update

.PHONY: soak
soak: ## run the long suites, *_soak_test.go (hours)
	$(GO) test -tags soak -run Soak -timeout 2h ./...
	$(MAKE) determinism SEEDS=10000

.PHONY: overlay-soak
overlay-soak: ## the patch of the Go tree at length: the standard library's own tests under it, races, other toolchains, twins
	$(GO) test -tags soak -count=1 -run Soak -v -timeout 2h ./internal/overlay

.PHONY: fuzz
fuzz: ## run every fuzz test for FUZZTIME (30s)
	@set -e; for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u); do \
		names=$$($(GO) test -list '^Fuzz' $$dir); \
		for name in $$(echo "$$names" | grep '^Fuzz'); do \
			echo "$$dir $$name for $(FUZZTIME)"; \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$dir; \
		done; done

.PHONY: campaign
campaign: build ## run the example campaign and a small one of the reference
	bin/racebench run examples/broker.yaml
	bin/racebench run broker/reference --trials 20

.PHONY: test-servers
test-servers: ## probe real servers (nginx, haproxy, lighttpd, Node, Python's, Go's, redis, nats, mosquitto) after trying to install them; SERVERS=all: also those that are built, which takes minutes
	@internal/servers/install.sh $(SERVERS) || echo "some servers could not be installed: their verdicts are not checked"
	RACEBENCH_SERVERS=$(SERVERS) $(GO) test -tags servers -count=1 -run TestServers -v -parallel 4 -timeout 10m ./targets/external

.PHONY: test-field
test-field: ## tell servers with faults that users have reported from their mended twins (2 to 4 minutes; without node or redis-server their rows are skipped)
	$(GO) test -tags field -count=1 -run TestField -v -timeout 15m ./internal/field

.PHONY: servers-doc
servers-doc: ## probe all of them and write what was seen into docs/servers.md (all of the servers must be here)
	RACEBENCH_SERVERS_PAGE=$(CURDIR)/docs/servers.md $(MAKE) test-servers SERVERS=all

.PHONY: servers-soak
servers-soak: ## hold the servers that stop well to a hundred trials each, with and without a CPU limit, into docs/servers.md (half an hour)
	RACEBENCH_SERVERS_PAGE=$(CURDIR)/docs/servers.md \
		$(GO) test -tags servers,soak -count=1 -run TestSilentControlsSoak -v -parallel 2 -timeout 2h ./targets/external

.PHONY: test-release
test-release: ## what a release is made of: builds that repeat, pages, and .goreleaser.yaml where goreleaser is installed (REPRODUCE=all: compile all anew, minutes)
	RACEBENCH_REPRODUCE=$(REPRODUCE) $(GO) test -tags release -count=1 -v -timeout 60m ./internal/release

.PHONY: cut
cut: ## make of CHANGELOG.md's [Unreleased] the section of a release: make cut VERSION=0.1.0
	.ci/cut $(VERSION)

.PHONY: clean
clean: ## remove what was built and recorded
	rm -rf bin dist racebench-runs
