# The commands of the course. `make help` lists them; README.md has the plain commands for systems without make.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help book pdf test check lab serve bench lock notebooks clean \
        setup need-git need-chromium lint types unit unit-fast bounds nojit nbval execute site fresh-site site-tests

# ---- What may be set on the command line: make book PYTHON=/usr/bin/python3.12, make test UV= (use pip), make serve PORT=9000
PYTHON :=
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv)
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome-stable || command -v google-chrome || ls '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' 2>/dev/null)
PORT := 8000
export CHROMIUM

# One thread everywhere: the last digits of sums (and with them of trainings) depend on how many threads share the work,
# and the book, the tests and the reader's notebook must print the same number. Two notebooks at a time use two cores.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export OPENCV_FOR_THREADS_NUM := 1

# numba loads a kernel from its cache even when it was compiled in another mode, so each mode has its own folder.
NUMBA_CACHES := $(CURDIR)/.cache/numba

BIN := .venv/bin
STAMP := .venv/.installed
SITE := _build/html
# $(call pytest,mode,variables): pytest with the folder of compiled kernels that belongs to this mode.
pytest = env NUMBA_CACHE_DIR='$(NUMBA_CACHES)/$(1)' $(2) $(BIN)/python -m pytest -q

# $(STEP) "heading" command...: prints the heading, runs the command, prints how long it took.
STEP = @step() { local heading=$$1 code=0; shift; SECONDS=0; \
	printf '\n=== %s\n' "$$heading"; "$$@" || code=$$?; \
	if [ $$code -eq 0 ]; then printf '=== done in %d s: %s\n' $$SECONDS "$$heading"; \
	else printf '=== FAILED after %d s: %s\n' $$SECONDS "$$heading" >&2; fi; return $$code; }; step

# $(call stop,sentence): says it on standard error and ends.
stop = { printf '%s\n' '$(1)' >&2; exit 1; }

# Leaves in $$python a Python 3.11 or newer.
find_python = python='$(PYTHON)'; \
	for candidate in $${python:-python3 python3.11 python3.12 python3.13}; do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
		then python=$$candidate; break; else python=; fi; \
	done; \
	[ -n "$$python" ] || $(call stop,make needs Python 3.11 or newer: on Debian or Ubuntu `apt-get install python3 python3-venv`$(,) or name one with `make PYTHON=/path/to/python`.)
, := ,

# uv does not read the configuration of pip; a folder of wheels named there (say, with a torch for CPUs) is handed on.
use_pips_links = links="$${UV_FIND_LINKS:-$${PIP_FIND_LINKS:-$$("$$python" -m pip config get global.find-links 2>/dev/null || true)}}"; \
	if [ -n "$$links" ]; then export UV_FIND_LINKS="$$(echo $$links | tr ' ' ',')"; fi

# ---- The commands

help: ## list the commands
	@echo 'make COMMAND, where COMMAND is'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

book: setup execute site ## set up .venv, run every notebook, build the site
	@printf '\nThe site is in %s\nOpen %s in a browser, or run `make serve`.\n' '$(CURDIR)/$(SITE)' 'file://$(CURDIR)/$(SITE)/index.html'

pdf: ## print the built site as one PDF, with every fold open, into _build/pdf
	@[ -f $(SITE)/index.html ] && [ -x $(BIN)/python ] || $(call stop,make pdf needs the site: run `make book` first.)
	$(STEP) "printing the book as one PDF" $(BIN)/python book/_ext/make_pdf.py

test: need-git need-chromium setup lint types unit bounds nojit nbval execute fresh-site site-tests ## set up .venv and run everything: lint, unit, notebooks, book, browser
	@printf '\nmake test: everything passed.\n'

check: setup lint types unit-fast ## lint, types, unit tests and doctests, in under 3 minutes
	@printf '\nmake check: passed.\n'

lab: setup ## open the notebooks in JupyterLab
	$(BIN)/jupyter labextension disable --level=sys_prefix '@jupyterlab/apputils-extension:announcements' # asks the network
	$(BIN)/jupyter lab notebooks

serve: ## show the built site on http://127.0.0.1:8000
	@[ -f $(SITE)/index.html ] || $(call stop,make serve needs the site: run `make book` first.)
	@[ -x $(BIN)/python ] || $(call stop,make serve needs .venv: run `make book` first.)
	@echo 'http://127.0.0.1:$(PORT)/ shows the site; Ctrl-C ends it.'
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE)

bench: setup ## time our functions and their peers, and write the table that the book shows
	$(STEP) "benchmarks: ours and the peer in turns" $(BIN)/python benchmarks/run.py

notebooks: setup ## run every notebook and write its text outputs back into notebooks/
	$(STEP) "notebooks: run, and write the text outputs back" $(BIN)/python book/_ext/execute_notebooks.py --write

# The old lock is handed to uv as a preference, so only what pyproject.toml asks for changes; UPGRADE=--upgrade moves all.
# torch stays where the lock has it (TORCH=2.14.0 moves it), in its CPU build: "+cpu" is then cut off, because the same
# version from any index will do. With no folder of wheels in the configuration of pip, uv is sent to the CPU index of PyTorch.
UPGRADE :=
TORCH := $(shell sed -n 's/^torch==//p' requirements.lock 2>/dev/null)
lock: ## write requirements.lock anew from pyproject.toml (needs uv)
	@[ -n '$(UV)' ] || $(call stop,make lock needs uv: `pip install uv`.)
	@$(find_python); $(use_pips_links); \
	work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
	echo 'torch==$(TORCH)' > "$$work/torch.txt"; \
	[ ! -f requirements.lock ] || sed 's/^torch==.*/&+cpu/' requirements.lock > "$$work/new.lock"; \
	'$(UV)' pip compile pyproject.toml --extra book --extra dev --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
		-c "$$work/torch.txt" $(UPGRADE) $$([ -n "$${UV_FIND_LINKS:-}" ] || echo --torch-backend cpu) --quiet \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate -o "$$work/new.lock"; \
	if grep -q '^nvidia-' "$$work/new.lock"; then $(call stop,make lock: torch came with CUDA; name the folder or index that has its CPU build to pip or uv.); fi; \
	{ echo '# The versions that the book was built and tested with, on Linux x86-64 with CPython 3.11.'; \
	  echo '# Written by `make lock` (uv pip compile) from pyproject.toml with the extras book and dev: change that file, not this one.'; \
	  sed 's/+cpu$$//' "$$work/new.lock"; } > requirements.lock
	@echo 'requirements.lock is written; say the same in environment.yml, then `make check`.'

clean: ## remove what was built (_build, .cache); .venv stays
	rm -rf _build .cache .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find course_lib tests book benchmarks notebooks -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- The steps

need-git:
	@command -v git >/dev/null || $(call stop,make test needs git: on Debian or Ubuntu `apt-get install git`.)

need-chromium:
	@[ -n '$(CHROMIUM)' ] || $(call stop,make test needs Chromium for the browser tests: on Debian or Ubuntu `apt-get install chromium`.)

# The last check also lets matplotlib list the fonts of the machine, which it does once, with a notice that would otherwise
# appear in the first notebook.
setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(find_python); $(use_pips_links); SECONDS=0; \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
		printf '\n=== set-up: making .venv with %s\n' "$$("$$python" --version)"; \
		if "$$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then "$$python" -m venv --clear .venv; \
		elif [ -n '$(UV)' ]; then '$(UV)' venv --quiet --clear --python "$$python" .venv; \
		else $(call stop,make needs the venv module of Python: on Debian or Ubuntu `apt-get install python3-venv`.); fi; \
	fi; \
	if [ -n '$(UV)' ]; then \
		printf '\n=== set-up: installing requirements.lock with uv (about a minute, 2.5 GB)\n'; \
		export VIRTUAL_ENV='$(CURDIR)/.venv'; \
		'$(UV)' pip install --compile-bytecode -r requirements.lock; \
		'$(UV)' pip install --quiet --no-deps --no-build-isolation -e .; \
	else \
		printf '\n=== set-up: installing requirements.lock with pip (3 to 10 minutes, 2.5 GB)\n'; \
		$(BIN)/python -m pip install --disable-pip-version-check -r requirements.lock; \
		$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .; \
	fi; \
	$(BIN)/python -c 'import cv2' || $(call stop,OpenCV cannot be loaded: on Debian or Ubuntu `apt-get install libgl1 libglib2.0-0`.); \
	$(BIN)/python -c 'import matplotlib.font_manager'; \
	touch $@; printf '=== set-up done in %d s\n' $$SECONDS

lint:
	$(STEP) "ruff, on the notebooks too" $(BIN)/ruff check .

types:
	$(STEP) "mypy on course_lib" $(BIN)/mypy

unit:
	$(STEP) "unit tests and doctests" \
		$(call pytest,plain) -n 2 --no-skip --doctest-modules tests course_lib -m "not browser and not built"

unit-fast:
	$(STEP) "unit tests and doctests, without the slow ones" \
		$(call pytest,plain) -n 2 --doctest-modules tests course_lib -m "not browser and not built and not slow"

bounds:
	$(STEP) "the kernels with bounds checking" \
		$(call pytest,bounds,NUMBA_BOUNDSCHECK=1) -n 2 tests --ignore=tests/test_environment.py -m "not browser and not built"

nojit:
	$(STEP) "the kernels as plain Python, on small inputs" \
		$(call pytest,nojit,NUMBA_DISABLE_JIT=1) -n 2 tests --ignore=tests/test_environment.py -m "not browser and not built and not large"

nbval:
	$(STEP) "nbval: every printed number of every notebook" \
		$(call pytest,plain) -n 2 --dist loadfile --nbval notebooks --ignore=notebooks/my --nbval-current-env --nbval-cell-timeout=120 \
		--nbval-sanitize-with=tests/sanitize.cfg

execute:
	$(STEP) "running the notebooks for the book, two at a time" $(BIN)/python book/_ext/execute_notebooks.py

site:
	$(STEP) "building the site" $(BIN)/jupyter-book build . --config book/_config.yml --toc book/_toc.yml --path-output . -W --keep-going

# Sphinx warns only about the pages that it reads again, so a test builds from nothing. The executed notebooks stay: their
# cache is keyed by the library and the lock.
fresh-site:
	@rm -rf $(SITE) _build/.doctrees
	@$(MAKE) --no-print-directory site

site-tests:
	$(STEP) "the built site: links, times, and the pages in Chromium" \
		$(call pytest,plain) -n 2 --dist loadfile --no-skip tests -m "browser or built"
