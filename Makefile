# What CI runs, make runs. `make` alone prints the targets.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 1m
AGAINST  ?= HEAD~1
EXAMPLE  ?= fastapi

# Where a release spends its time, for the compiler. It is no default.pgo beside the command: with one, every test and vet of the command would compile all packages anew.
PROFILE := cmd/postern/pgo/default.pgo

GOLANGCI_LINT := bin/tools/golangci-lint@v2.15.0
GOVULNCHECK   := bin/tools/govulncheck@v1.9.0
CYCLONEDX     := bin/tools/cyclonedx-gomod@v1.10.0

# Whole programs talking to each other: slow, and of no more use under the race
# detector, which watches one process.
WHOLE := ./test/e2e/... ./test/docs/... ./test/wire/... ./test/frontends/... ./test/chaos/... ./test/compat/... ./test/browser/...
UNITS  = $$(go list ./... | grep -vE '/test/(e2e|docs|wire|frontends|chaos|compat|browser)(/|$$)')

# Runs what follows with POSTERN_TEST_POSTGRES_URL naming a PostgreSQL server of its own.
WITH_POSTGRES := go run ./test/postgres/cmd/with-postgres --

.NOTPARALLEL:

.PHONY: help
help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the static binary bin/postern
	CGO_ENABLED=0 go build -pgo=$(PROFILE) -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/postern ./cmd/postern

.PHONY: run
run: ## Serve http://localhost:8080 in front of the FastAPI example, or of EXAMPLE=live or shared-database
	@EXAMPLE=$(EXAMPLE) examples/run-dev.sh

.PHONY: test
test: setup check race differential example python whole ## Everything CI runs: format, vet, unit tests with -race, examples, Python package, e2e, wire, chaos, compat, browser

.PHONY: setup
setup: ## Install what the tests need and this machine lacks
	@test/setup.sh

.PHONY: check
check: ## Check formatting and run go vet
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l); \
	if [ -n "$$unformatted" ]; then printf 'not formatted by gofmt:\n%s\n' "$$unformatted"; exit 1; fi
	go vet ./...

.PHONY: race
race: ## Run unit and contract tests on both databases with the race detector
	$(WITH_POSTGRES) go test -race -timeout 20m $(UNITS)

.PHONY: unit
unit: ## Run unit and contract tests on both databases, without the race detector
	$(WITH_POSTGRES) go test -timeout 20m $(UNITS)

.PHONY: differential
differential: ## Send a million generated targets through the proxy: what is decided on is what is forwarded
	go test ./proxy -run '^TestD09WhatIsDecidedOnIsWhatIsForwarded$$' -v -timeout 20m -args -targets 1000000

.PHONY: example
example: build ## Run the tests of the Python examples: FastAPI on both databases, streams, a shared database
	examples/fastapi/install.sh requirements-test.txt
	$(WITH_POSTGRES) examples/fastapi/.venv/bin/python -m pytest -q -c examples/fastapi/pytest.ini --rootdir examples/fastapi examples/fastapi
	$(WITH_POSTGRES) examples/fastapi/.venv/bin/python -m pytest -q -c examples/pytest.ini --rootdir examples examples/live examples/shared-database

.PHONY: python
python: build ## Check the Python package, and run its tests on the newest FastAPI and on the oldest
	python/install.sh
	$(WITH_POSTGRES) python/test.sh

.PHONY: whole
whole: build ## Run e2e, docs, wire, front ends, chaos, compat and browser in one go
	$(WITH_POSTGRES) go test -timeout 20m $(WHOLE)

.PHONY: compat
compat: build ## Run the official better-auth client against the reference and against Postern
	$(WITH_POSTGRES) go test -timeout 20m -v ./test/compat/...

.PHONY: compat-report
compat-report: build ## Compare once more and write what that shows to docs/compatibility.md
	$(WITH_POSTGRES) go test -timeout 20m ./test/compat -run TestPosternAnswersLikeTheReference -args -update

.PHONY: e2e
e2e: build ## Run PostgreSQL, Postern and the FastAPI example together, end to end
	$(WITH_POSTGRES) go test -timeout 20m -v ./test/e2e/...

.PHONY: docs
docs: build ## Follow the links of the documentation, and do what its examples say
	$(WITH_POSTGRES) go test -timeout 20m ./test/docs/...
	tools/getting-started.sh

.PHONY: frontends
frontends: build ## Run nginx, Caddy and HAProxy as front ends that ask Postern before they forward
	$(WITH_POSTGRES) go test -timeout 20m -v ./test/frontends/...

.PHONY: chaos
chaos: ## Break the ways to PostgreSQL and the application, take PostgreSQL away, revoke under load, and kill Postern
	$(WITH_POSTGRES) go test -timeout 20m -v ./test/chaos/...

.PHONY: wire
wire: ## Send Postern bytes and frames that no client library would
	go test -timeout 20m -v ./test/wire/...

.PHONY: chaos-long
chaos-long: ## The same, with faults that last a minute and ten times as many revocations
	CHAOS_LONG=1 $(WITH_POSTGRES) go test -timeout 60m -v ./test/chaos/...

.PHONY: k8s
k8s: ## Check the manifests, the chart, the image's layout and the dashboard: quick, but for compiling what that takes the first time
	go -C test/kubernetes vet ./...
	go -C test/kubernetes test -timeout 20m ./...

.PHONY: test-k8s
test-k8s: ## The same, and a real API server with etcd: builds kube-apiserver once, in five minutes; needs root for network namespaces
	test/kubernetes/setup.sh
	examples/fastapi/install.sh requirements-test.txt
	POSTERN_TEST_KUBERNETES=1 go -C test/kubernetes test -count=1 -timeout 60m -v ./...

.PHONY: skew
skew: build ## Upgrade from the revision AGAINST and roll back, both versions on one database; by default from the last release
	SKEW_AGAINST=$$(test '$(origin AGAINST)' = file && git describe --tags --abbrev=0 || echo '$(AGAINST)') \
		$(WITH_POSTGRES) go test -count=1 -timeout 20m -v ./test/e2e -run '^TestTwoVersionsServeOneDatabase$$'

.PHONY: alerts
alerts: ## Check and test the alerts for Prometheus; needs promtool, which Debian has in the package prometheus
	promtool check rules deploy/prometheus/alerts.yaml
	promtool test rules deploy/prometheus/alerts_test.yaml

.PHONY: browser
browser: build ## Use Postern through a public component kit, its pages, and the examples, in a real Chromium
	$(WITH_POSTGRES) go test -timeout 20m -v ./test/browser/...

.PHONY: lint
lint: check licenses $(GOLANGCI_LINT) $(GOVULNCHECK) ## Check the import arrows and licences, run the linters and govulncheck
	$(GOLANGCI_LINT) run ./...
	tools/vulncheck.sh $(GOVULNCHECK)

.PHONY: licenses
licenses: build $(CYCLONEDX) ## Fail if a module in the binary has a licence that is not on the list
	@GOPROXY=off $(CYCLONEDX) bin -json -licenses -std -version $(VERSION) bin/postern 2>/dev/null | go run ./tools/licenses

.PHONY: release
release: $(CYCLONEDX) ## Build binaries, SBOM and checksums into dist/
	tools/release.sh $(VERSION) $(CYCLONEDX)

.PHONY: reproducible
reproducible: ## Build twice, in different places, and compare
	tools/reproducible.sh

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (default 1m), ten million targets, and 100,000 steps of sessions' lives, with another seed each time
	tools/fuzz.sh $(FUZZTIME)
	$(WITH_POSTGRES) go test ./sessionstore -run '^TestTheLifeOfSessionsIsThatOfTheModel$$' -v -timeout 1h -args -life-steps 100000
	go test ./proxy -run '^TestD09WhatIsDecidedOnIsWhatIsForwarded$$' -v -timeout 3h -args -targets 10000000 -seed $$RANDOM

.PHONY: bench
bench: ## Measure what Postern costs per request, in memory and at start
	go run ./test/bench

.PHONY: bench-compare
bench-compare: ## Measure against the revision AGAINST (default HEAD~1) in one run, and fail if requests cost more
	go run ./test/bench -against $(AGAINST)

.PHONY: pgo
pgo: ## Profile the proxied request anew for the compiler; see docs/performance.md
	go test ./cmd/postern -run '^$$' -bench '^BenchmarkProxiedRequest$$/^(public|authenticated)$$' -benchtime 20s -cpuprofile $(CURDIR)/$(PROFILE) -o /dev/null

.PHONY: generate
generate: ## Write the generated files anew
	go generate ./...

.PHONY: verify
verify: ## Fail if a generated file is not what generate writes
	tools/verify.sh

.PHONY: image
image: ## Build the container image postern:VERSION
	docker build --build-arg VERSION=$(VERSION) --tag postern:$(VERSION) .

.PHONY: tools
tools: $(GOLANGCI_LINT) $(GOVULNCHECK) $(CYCLONEDX) ## Build the pinned linters into bin/tools

.PHONY: clean
clean: ## Remove what building and testing have left
	rm -rf bin dist coverage.out examples/fastapi/.venv examples/react/node_modules examples/react/dist python/.venv-* test/compat/node_modules test/browser/node_modules test/browser/pictures

# Built outside the module, so that the linters' requirements do not become ours.
bin/tools/golangci-lint@%:
	GOBIN=$(CURDIR)/bin/tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$*
	mv bin/tools/golangci-lint $@

bin/tools/govulncheck@%:
	GOBIN=$(CURDIR)/bin/tools go install golang.org/x/vuln/cmd/govulncheck@$*
	mv bin/tools/govulncheck $@

bin/tools/cyclonedx-gomod@%:
	GOBIN=$(CURDIR)/bin/tools go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$*
	mv bin/tools/cyclonedx-gomod $@
