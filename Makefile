# The words of this project:
#
#   make install   the virtualenv, with what the product runs on
#   make run       everything on this machine; PORT=8001 HOST=0.0.0.0 choose where
#   make demo      turn the wheel once, without a browser, and print what changed; CONTROL=1 for the control arm
#   make test      every check there is; QUICK=1 leaves out PostgreSQL, workers and the browser
#   make lint      the checks that run nothing
#   make bench     the promises of docs/benchmarks.md, measured
#   make messages  collect the sentences to translate into locale/, and compile what is translated (needs GNU gettext)
#
# PYTHON chooses an interpreter, PIP_ARGS is passed on to pip (see docs/install.md for machines without a GPU).

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS)
HOST ?= 127.0.0.1
PORT ?= 8000

.PHONY: help install run demo test lint bench messages

help:
	@sed -n 's/^#   //p' Makefile

install: $(VENV)/.installed

run: $(VENV)/.installed
	@exec $(BIN)/python manage.py studio --host $(HOST) --port $(PORT)

demo: $(VENV)/.installed
	@exec $(BIN)/python manage.py demo $(if $(CONTROL),--control)

test: $(VENV)/.installed-dev
	@exec $(BIN)/python -m tests.everything $(if $(QUICK),--quick)

lint: $(VENV)/.installed-dev
	@exec $(BIN)/python -m tests.everything --lint

bench: $(VENV)/.installed-dev
	@failed=; for name in browse chaos counterfactual exchange load queue review_screen web; do echo "--- $$name"; \
	  $(BIN)/python -m benchmarks.$$name || failed="$$failed $$name"; \
	done; [ -z "$$failed" ] || { echo "short:$$failed"; exit 1; }

# The compiled files are in the repository, so that only who changes a sentence needs gettext.
messages: $(VENV)/.installed
	@$(BIN)/python manage.py makemessages
	@$(BIN)/python manage.py makemessages -d djangojs
	@$(BIN)/python manage.py compilemessages --ignore=.venv

# ---------------------------------------------------------------- the virtualenv

# A stamp is younger than the requirements it stands for, so a second `make run` starts at once.
$(VENV)/.installed: requirements.txt | $(BIN)/pip
	@echo "Installing requirements.txt (one to three minutes the first time)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing requirements-dev.txt"
	@$(PIP) -r requirements-dev.txt
	@touch $@

# The first interpreter that is new enough. Debian ships Python without the module that makes virtualenvs.
$(BIN)/pip:
	@found=; for candidate in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Python 3.11 or newer is needed, and $(or $(PYTHON),python3) is not: install one, or name it with PYTHON=/path/to/python3." >&2; \
	  exit 1; \
	fi; \
	if ! $$found -c 'import ensurepip, venv' 2>/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing python3-venv (apt-get)"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null; \
	  else \
	    echo "$$found cannot make virtualenvs here: install its venv package (Debian, Ubuntu: apt-get install python3-venv)." >&2; \
	    exit 1; \
	  fi; \
	fi; \
	rm -rf $(VENV); $$found -m venv $(VENV)
