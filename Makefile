# make run: serve the product.  make test: everything, as CI does.  make check: format and lint, then the tests.

# A python3.11 that is there but does not start (a version manager's shim) is passed over.
PYTHON ?= $(shell python3.11 -c '' 2>/dev/null && echo python3.11 || echo python3)
PORT ?= 8501
BIN = .venv/bin
RUNS = .venv/.runs
TESTS = .venv/.tests
LOCK = $(BIN)/uv pip compile --python-version 3.11 --no-emit-index-url --universal

# The tests start some 150 processes; where Python is told to keep no bytecode, each would compile the program again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check crash fuzz messy bench lock samples register screenshots tools

run: $(RUNS)
	$(BIN)/streamlit run app.py --server.port $(PORT)

# Three at a time on two cores: one of them usually waits, for the browser, the disk or a process of its own.
test: $(TESTS) tools
	$(BIN)/pytest -n 3 --dist loadgroup

check: $(TESTS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(MAKE) test

# A bulk load killed 250 times; make crash KILLS=1000 SEED=7 for more and others.
crash: $(TESTS)
	$(BIN)/python -m tests.crash --kills $(or $(KILLS),250) --seed $(or $(SEED),0)

# Changed bytes of real files through the readers, for ten minutes; make fuzz MINUTES=2 for less.
fuzz: $(TESTS)
	$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),10)

messy: $(TESTS)
	$(BIN)/python -m tests.messy

bench: $(TESTS)
	$(BIN)/python -m benchmarks

# The locks, and the files that are made by a script and kept: remake them on purpose, look at the difference, commit.
lock: $(RUNS)
	$(BIN)/pip install --quiet uv
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

samples: $(RUNS)
	$(BIN)/python -m scripts.make_samples

register: $(RUNS)
	$(BIN)/python -m scripts.make_register

screenshots: $(TESTS) tools
	$(BIN)/python -m scripts.make_screenshots

tools:
	scripts/install_tools.sh

# The environment follows the pinned files: a stamp is older than its file when that has changed.
$(RUNS): requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(TESTS): $(RUNS) requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
