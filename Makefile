# The front door. `make` lists what there is.
SWIFT ?= swift

.DEFAULT_GOAL := help
.PHONY: help deps build demo demo-aws test crash-test fault-matrix test-localstack lint format bench clean

help: ## list these targets
	@echo "Landfall"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install the Debian or Ubuntu packages that are missing
	@Tests/TestBed/packages.sh

build: deps ## the release binary, .build/release/landfall
	$(SWIFT) build -c release --product landfall

demo: build ## three files through the worker, on this machine: folders, SQLite, PostgreSQL
	@config/demo/demo.sh

demo-aws: build ## the same over the wire, with moto in the place of AWS
	@config/demo/demo-aws.sh

test: ## every test: unit, integration, end to end
	@Tests/TestBed/run-tests.sh

test-localstack: ## the AWS client against LocalStack, which compares checksums (needs python3.13)
	@Tests/TestBed/localstack.sh

# The folder and the options of the long tests, for example: make crash-test CRASH='--seed 7 --files 500 --kills 300'
crash = @LANDFALL_BINARY=$(CURDIR)/.build/release/landfall $$(Tests/TestBed/setup.sh) -B Tests/CrashTest
CRASH ?=
LOCAL_CRASH ?=
WRITE ?=

crash-test: build ## kill -9 at every edge, long: losses and doubles (CRASH='--seed N --files N --kills N')
	$(crash)/crash_test.py $(CRASH)
	$(crash)/local_crash_test.py $(LOCAL_CRASH)

fault-matrix: build ## each AWS action with each fault, long (WRITE=--write: docs/FAULTS.md anew)
	$(crash)/fault_matrix.py $(WRITE)

SEEDS ?= 1000000
ARGUMENTS ?= --seeds $(SEEDS)
simulate: ## the job protocol's model: a million schedules, or SEEDS=n, or ARGUMENTS='--seed n' for one in words
	$(SWIFT) run -c release --package-path Fuzz/Simulation simulate $(ARGUMENTS)

lint: ## formatting and style, strictly
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Fuzz/Simulation/Package.swift Fuzz/Simulation/Sources/simulate/Simulate.swift
	@if command -v shellcheck >/dev/null; then shellcheck -x .ci/run config/demo/*.sh Tests/TestBed/*.sh; \
	else echo "shellcheck is not installed: shell scripts were not checked"; fi

format: ## put the Swift sources into their format
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Fuzz/Simulation/Package.swift Fuzz/Simulation/Sources/simulate/Simulate.swift

bench: deps ## what is measured: signatures a second (Benchmarks/ holds more)
	$(SWIFT) run -c release --package-path Benchmarks signing

clean: ## remove what was built
	rm -rf .build
