.DEFAULT_GOAL := help
SHELL := /bin/bash
PY ?= python3
UV := .uv/bin/uv
SBOM = $(UV) export -q --frozen --no-dev --format cyclonedx1.5
# what the container image installs
IMAGE_EXTRAS := --extra webserver --extra postgres --extra gz
# of requirements.txt, the versions with hashes for the wheel
RELEASE_EXTRAS := --extra desk --extra fetch --extra gz --extra seal
BIN := .venv/bin
DIST := dist
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
# the time of the commit, so that each build of it has the same bytes
EPOCH = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null || date -r pyproject.toml +%s))
SAME_BYTES = --sort=name --mtime=@$(EPOCH) --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX
export UV_PYTHON_DOWNLOADS := never
export DAGSTER_HOME ?= $(CURDIR)/.dagster
export DAGSTER_DISABLE_TELEMETRY := 1
# without compiled files every worker would rewrite the assertions of 450 modules in each run
export PYTHONDONTWRITEBYTECODE :=
# one more than two cores: some tests mostly wait for other programs
WORKERS ?= 3
WORLD ?= windows
DEMO_HOME ?= $(CURDIR)/demo-district$(if $(filter windows,$(WORLD)),,-$(WORLD))

help: ## list the entry points
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/.stamp $(DAGSTER_HOME)/dagster.yaml ## environment from the lock file

$(UV):
	@$(PY) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo 'Python cannot make virtual environments here. On Debian or Ubuntu: apt-get install python3-venv'; exit 1; }
	$(PY) -m venv .uv
	.uv/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps \
	  -r deploy/container/uv.txt

.venv/.stamp: $(UV) pyproject.toml uv.lock
	$(UV) sync -q --frozen --compile-bytecode --python $(PY)
	$(BIN)/python -m compileall -q pipelines
	@touch $@

$(DAGSTER_HOME)/dagster.yaml: dagster.yaml
	@mkdir -p $(@D) && cp dagster.yaml $@

demo: setup ## synthetic district, logs to report; WORLD=chromebooks for one without Windows
	$(BIN)/schoolbell demo --home $(DEMO_HOME) --world $(WORLD)

dev: setup ## Dagster's pages and its daemon on the demo district
	@test -f $(DEMO_HOME)/district.toml || $(MAKE) demo
	export SCHOOLBELL_HOME=$(DEMO_HOME); $(BIN)/python -m pipelines.defs & \
	  exec $(BIN)/dg dev --host 127.0.0.1

desk: setup ## the review desk on the demo district
	@test -f $(DEMO_HOME)/district.toml || $(MAKE) demo
	$(BIN)/schoolbell desk --home $(DEMO_HOME)

format: setup ## rewrite the code in the agreed format
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

check: ALL = 1
check: setup lint test ## what CI runs: format, lint, types, floors, SQL lint, every test

lint: setup ## format, lint, types, import floors, SQL lint, language, Dagster's definitions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/sqruff lint sql
	$(BIN)/codespell
	! git grep -nPi -f docs/phrases.txt -- '*.md' sql ':!docs/reference/formats.md'
	$(BIN)/proselint check README.md CONTRIBUTING.md CHANGELOG.md docs/how-to docs/decisions/*.md
	$(BIN)/dg check defs

test: setup ## tests of every part, five minutes on two cores; ALL=1 for those of tests/slow.txt too
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(if $(ALL),,-m 'not slow')

test-long: setup ## every test, with bigger N
	SCHOOLBELL_LONG=1 $(BIN)/python -m pytest -q -n $(WORKERS)

bench: setup ## print the figures of speed and memory; fails nothing
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.week

strangers: setup ## print how the rules do in 30 districts drawn from the space of facts
	$(BIN)/python -m tests.benchmarks.strangers --districts 30 --seed $(or $(SEED),$(shell date +%s))

space: setup ## print how the rules judge each combination of facts; REWRITE=1 publishes it
	$(BIN)/python -m tests.space.comparison $(if $(REWRITE),--rewrite)

same: setup ## print what COMMIT and the working tree make differently of the same homes; HOMES="FOLDER ..."
	$(BIN)/python -m tests.same $(or $(COMMIT),HEAD) $(HOMES)

judge: setup ## print how findings do on districts of independent generators
	$(BIN)/python -m tests.benchmarks.judge

day: setup ## print when the alerts of a day would have come; DAY_HOME=FOLDER, else a synthetic district
	$(BIN)/python -m tests.benchmarks.day $(if $(DAY_HOME),--home $(DAY_HOME))

experience: setup ## print the measures of report and desk in four districts, with their goals
	$(BIN)/python -m tests.benchmarks.experience_districts $(if $(wildcard $(DEMO_HOME)/warehouse.duckdb),--home $(DEMO_HOME))
	$(BIN)/python -m tests.benchmarks.experience $(if $(wildcard $(DEMO_HOME)/warehouse.duckdb),--home $(DEMO_HOME))
	$(if $(wildcard $(DEMO_HOME)/warehouse.duckdb),$(BIN)/python -m tests.benchmarks.experience_asking --home $(DEMO_HOME) --demo)

lab: setup ## a small district of real programs in namespaces, as root; twenty minutes
	$(BIN)/python -m tests.lab $(if $(KEEP),--keep $(KEEP))

lab-small: setup ## one school of the lab with Squid, Kea and FreeRADIUS; four minutes
	$(BIN)/python -m tests.lab --small $(if $(KEEP),--keep $(KEEP))

newcomer: setup ## from a clone, and a wheel, to a restored district, unattended
	$(BIN)/python -m tests.newcomer --tests
	$(BIN)/python -m tests.newcomer --wheel

golden: setup ## rewrite the golden files; then read the diff
	SCHOOLBELL_GOLDEN=rewrite $(BIN)/python -m pytest -q -k golden

docs: setup ## regenerate docs/reference
	$(BIN)/python -m docs.reference_pages docs/reference

site: setup ## the documents of each version as pages in build/site, with a sample report
	@test -f $(DEMO_HOME)/reports/latest.html || $(MAKE) demo
	rm -rf build/site/next
	SAMPLE=$(DEMO_HOME)/reports $(BIN)/python -m docs.versions build/site
	@echo build/site/index.html

release: setup ## wheel, sdist, documents, SBOM, licenses, image and checksums in dist/; SIGN_KEY=FILE signs, IMAGE=no leaves it out
	rm -rf $(DIST)
	$(UV) build -q --out-dir $(DIST)
	tar $(SAME_BYTES) -c README.md CHANGELOG.md LICENSE docs/journey.md docs/how-to docs/reference docs/decisions docs/pictures \
	  | gzip -n9 > $(DIST)/schoolbell-$(VERSION)-documents.tar.gz
	cp CHANGELOG.md $(DIST)/
	$(UV) export -q --frozen --no-dev --no-emit-project --no-header $(RELEASE_EXTRAS) -o $(DIST)/requirements.txt > /dev/null
	$(SBOM) --all-extras -o $(DIST)/schoolbell.cdx.json > /dev/null
	$(SBOM) $(IMAGE_EXTRAS) -o $(DIST)/schoolbell-image.cdx.json > /dev/null
	$(BIN)/python -m docs.licenses $(DIST)/schoolbell.cdx.json $(EPOCH) > $(DIST)/LICENSES.txt
	$(BIN)/python -m docs.licenses $(DIST)/schoolbell-image.cdx.json $(EPOCH) --texts > $(DIST)/NOTICES-image.txt
	$(if $(filter no,$(IMAGE)),,deploy/container/build.sh $(DIST) $(IMAGE_OPTIONS))
	cd $(DIST) && sha256sum *.whl *.tar.gz *.json *.txt *.md > SHA256SUMS
	$(if $(SIGN_KEY),ssh-keygen -q -Y sign -f $(SIGN_KEY) -n file $(DIST)/SHA256SUMS)
	@ls $(DIST)

reproduce: setup ## build the release a second time, without its image, and compare each byte with dist/
	@test -f dist/SHA256SUMS || $(MAKE) release IMAGE=no
	$(MAKE) release DIST=build/reproduced IMAGE=no SIGN_KEY=
	grep -v -- -image.tar.gz dist/SHA256SUMS | diff - build/reproduced/SHA256SUMS

clean: ## remove the environment and all generated files
	rm -rf .uv .venv .dagster demo-district build dist

.PHONY: help setup demo dev desk format check lint test test-long bench strangers space same judge day experience lab lab-small newcomer golden docs site release reproduce clean
