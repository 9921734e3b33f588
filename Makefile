# make run: the demo, on loopback, with simulated cameras · make help: the rest
# showcam names itself in what it prints: as a person can type it, whose PATH lacks .venv
YOURS := $(PATH)
export VIRTUAL_ENV := $(CURDIR)/.venv
export PATH := $(VIRTUAL_ENV)/bin:$(CURDIR)/build/bin:$(PATH)
# Bytecode is kept, whatever the environment says: else each worker and program compiles all there is at every start.
export PYTHONDONTWRITEBYTECODE :=
PYTHON ?=
STEP := scripts/step.sh
UV := .venv/bin/uv
PINNED := --universal --python-version 3.13 --generate-hashes --no-emit-index-url -q

# Tests wait for most of their time: with four at once a core was idle for a fifth of the run, with six for a tenth. Where others
# take the machine, one more than there are cores go on, and the rest for a third of their time: tests/doubles/spare_time.py.
CORES := $(shell nproc 2>/dev/null || echo 2)
WORKERS ?= $(shell expr 6 \* $(CORES))
# in the order of tests/conftest.py
AT_ONCE = -n $(WORKERS) --dist loadgroup --no-loadscope-reorder
# They measure what Chromium shows in time, on a machine of their own: it freezes where others take the cores.
MEASURED = tests/browser/test_bad_wires.py tests/browser/test_behind_life.py

# Hours of `make soak`'s watching, and how many of them pass in one of life's.
HOURS ?= 24
PACE ?= 1

# What is packaged for AWS. Parameters are name=value, those of a deployment in a file that is not the project's.
CONFIG ?= serverless.yml
STAGE ?= dev
REGION ?= eu-west-1
ARCHITECTURE ?= x86_64
PARAMS ?= $(shell sed 's/\#.*//' aws/deployments/$(STAGE).$(REGION) 2>/dev/null)
# bytecode is of one version of Python: the functions run on the one that compiled it
PYTHON_OF_THIS = $(shell .venv/bin/python -c 'import sys; print("{}.{}".format(*sys.version_info))')
DEPLOYMENT = --config $(CONFIG) --stage $(STAGE) --region $(REGION) \
  $(foreach each,$(PARAMS) architecture=$(ARCHITECTURE) python=$(PYTHON_OF_THIS),--param="$(each)")

.DEFAULT_GOAL := help
.PHONY: help run up test soak check coverage lint house words tables bench lock package deploy remove kept deploy-local screenshots ship release clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 14

.venv/tools: scripts/bootstrap.sh requirements/tools.txt
	@scripts/bootstrap.sh .venv $(PYTHON)
	@touch $@

# Three sets, each with the one before in it: an owner's, the extras too, all that work on showcam takes. The first two are
# added to what is there, so that `make up` takes nothing away; the last is exact.
ADDED = $(UV) pip install -q --require-hashes --only-binary :all: --compile-bytecode
EXACT = $(UV) pip sync -q --require-hashes --only-binary :all: --compile-bytecode
ITSELF = $(UV) pip install -q --no-deps --no-build-isolation -e .

.venv/app: .venv/tools requirements/app.txt pyproject.toml
	@$(STEP) "what showcam runs on (340 MB on disk)" sh -ec '$(ADDED) -r requirements/app.txt; $(ITSELF)'
	@touch $@

.venv/all: .venv/tools requirements/all.txt pyproject.toml
	@$(STEP) "what showcam runs on, with what the demo and AWS take (375 MB on disk)" sh -ec '$(ADDED) -r requirements/all.txt; $(ITSELF)'
	@touch $@

.venv/dev: .venv/tools requirements/dev.txt requirements/ipycam.txt pyproject.toml
	@$(STEP) "what the tests need (900 MB on disk)" sh -ec '$(EXACT) requirements/dev.txt requirements/tools.txt; $(ADDED) --no-deps -r requirements/ipycam.txt; $(ITSELF)'
	@touch $@

# Its functions run on its own interpreter, so that is the one their packages are cut for.
.venv-cloud/made: .venv/tools requirements/cloud.txt
	@$(UV) venv -q --clear --python .venv/bin/python .venv-cloud
	@$(STEP) "an AWS for this machine (60 MB on disk)" $(UV) pip sync -q --require-hashes --compile-bytecode --python .venv-cloud/bin/python requirements/cloud.txt
	@touch $@

node_modules/.package-lock.json: .venv/tools package.json package-lock.json .npmrc requirements/node.txt
	@scripts/node.sh
	@$(STEP) "what packages the stack on AWS, and peers of the tests (210 MB on disk)" npm ci --silent
	@touch $@

# what pytest makes of the tests' files, kept beside them: else each worker would make it
.venv/compiled: .venv/dev $(shell find tests -name "*.py" 2>/dev/null)
	@.venv/bin/pytest -q --collect-only --ignore=tests/soak --ignore=tests/ship >/dev/null || true
	@touch $@

run: .venv/all ## the demo: simulated cameras and assistants, everything on this machine
	@exec env PATH="$(YOURS)" .venv/bin/showcam run --demo

up: .venv/app ## the real thing
	@exec env PATH="$(YOURS)" .venv/bin/showcam run

test: .venv/compiled .venv-cloud/made node_modules/.package-lock.json ## every test, the browser's too; WORKERS at once
	@scripts/browser.sh
	@scripts/gstreamer.sh
	@scripts/mosquitto.sh
	@.venv/bin/python -P scripts/schemas.py
	.venv/bin/pytest -q $(AT_ONCE) --ignore=tests/soak --ignore=tests/ship $(MEASURED:%=--ignore=%)

soak: .venv/dev node_modules/.package-lock.json ## what takes long or measures: displays in time and behind a bad wire, a day of watching, or HOURS of it, PACE of them in one
	@scripts/browser.sh
	@scripts/gstreamer.sh
	.venv/bin/pytest -q -n 2 --dist loadfile $(MEASURED)
	SOAK_HOURS=$(HOURS) SOAK_PACE=$(PACE) .venv/bin/pytest -q tests/soak

# What Debian 13 has to make systems, boot one, run arm64's programs, and build and start images.
SHIPS = mmdebstrap qemu-user-static systemd-container buildah podman runc catatonit netavark docker-compose
ship: .venv/dev ## as root: README's commands in a new Debian 13, by root and by another user, then the wheel, the .debs and the image
	@scripts/mosquitto.sh
	@dpkg -s $(SHIPS) >/dev/null 2>&1 || scripts/apt.sh build/ship "" $(SHIPS)
	.venv/bin/pytest -q tests/ship

check: .venv/dev ## the tests that wait for nothing, in two minutes; ROOM=registry for one folder of them
	.venv/bin/pytest -q -n $(shell expr 5 \* $(CORES)) --dist loadgroup -m "not (browser or cloud or process or realtime or ship or soak)" tests/$(ROOM)

coverage: .venv/dev .venv-cloud/made node_modules/.package-lock.json ## the tests of `make test`, and which branches none of them took; the table is build/coverage.md
	@scripts/browser.sh
	@scripts/gstreamer.sh
	@scripts/mosquitto.sh
	@.venv/bin/python -P scripts/schemas.py
	.venv/bin/pytest -q $(AT_ONCE) --ignore=tests/soak --ignore=tests/ship $(MEASURED:%=--ignore=%) --cov --cov-report=term-missing:skip-covered --cov-report=markdown:build/coverage.md

lint: .venv/dev ## ruff, the house's arrows, mypy, and that the tree grew for a reason
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-cache
	.venv/bin/mypy
	@.venv/bin/python -P scripts/house.py --check

house: .venv/dev ## how large the tree is: lines, files, clocks, settings, circles
	@.venv/bin/python -P scripts/house.py

words: .venv/dev ## collect the sentences people read and compile their translations; names those that are missing
	@.venv/bin/python -P scripts/sentences.py

tables: .venv/dev ## write docs/owner/settings.md from showcam/app/settings_table.py, and docs/verified.md from marks at the tests
	@.venv/bin/python -P scripts/settings.py
	@.venv/bin/python -P scripts/verified.py

bench: .venv/dev ## speed, beside peers in the same run; the table is kept in docs/maintainer/speed.md
	@scripts/browser.sh
	.venv/bin/python -P -m bench --write

lock: .venv/tools ## renew the pinned requirements
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile requirements/tools.in $(PINNED) -o requirements/tools.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile pyproject.toml -c requirements/tools.txt $(PINNED) -o requirements/app.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile pyproject.toml --all-extras -c requirements/app.txt $(PINNED) -o requirements/all.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile pyproject.toml --all-extras --group dev -c requirements/all.txt -c requirements/tools.txt $(PINNED) -o requirements/dev.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile requirements/cloud.in $(PINNED) -o requirements/cloud.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile requirements/node.in $(PINNED) -o requirements/node.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile requirements/media.in -c requirements/app.txt $(PINNED) -o requirements/media.txt
	for each in directives fulfillment web changes reports sweep operators; do UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile requirements/lambda-$$each.in -c requirements/all.txt $(PINNED) -o requirements/lambda-$$each.txt || exit 1; done

package: .venv/tools node_modules/.package-lock.json ## what AWS is given; STAGE, REGION, PARAMS, ARCHITECTURE, CONFIG
	.venv/bin/python scripts/package.py --architecture $(ARCHITECTURE) $(patsubst product=%,--product %,$(filter product=%,$(PARAMS)))
	node_modules/.bin/osls package $(DEPLOYMENT)

deploy: package ## to AWS, by the credentials of your environment
	node_modules/.bin/osls deploy --package .serverless $(DEPLOYMENT)

remove: package ## the stack from AWS; the table, its key and the secrets stay
	node_modules/.bin/osls remove $(DEPLOYMENT)

kept: .venv/all package ## what a removed stack left, written for CloudFormation to take back; docs/integrator/aws.md goes on
	@.venv/bin/python scripts/kept.py showcam-$(STAGE) $(REGION)

deploy-local: .venv/dev .venv-cloud/made node_modules/.package-lock.json ## into an AWS on this machine, and walked from linking to a picture; KEEP=1 leaves it running
	@.venv/bin/python -P -m scripts.deploy_local $(if $(KEEP),--keep)

screenshots: .venv/dev ## redraw the pictures of README.md and docs/owner from running pages
	@scripts/browser.sh
	.venv/bin/python -P scripts/screenshots.py

# Every check of this very commit: what passed some time before may have been another one.
CHECKS ?= lint test
release: .venv/dev ## the version of pyproject.toml: checked, built into dist/ with packages for Debian, and tagged here; nothing is pushed
	@.venv/bin/python scripts/release.py $(CHECKS)

clean: ## remove what make made: environments, packages, the demo's data; never var/showcam
	rm -rf .venv .venv-cloud var/demo node_modules build dist .serverless
