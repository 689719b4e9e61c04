# Thin names over the real commands. `make help` lists them; CI (.ci/run) runs `make check` in a fresh environment.
#
# Everything runs in one virtual environment: the active one, or .venv, which is made when it is missing.
PYTHON ?= python3
VENV ?= $(or $(VIRTUAL_ENV),.venv)
BUILD ?= build
JOBS ?= 2
export PATH := $(abspath $(VENV))/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# What CI runs, in this order.
STEPS := install test lint types stubtest docs ctest asan tsan torture bits32 tail handlers switch cross-build wheel
TARGETS := x86_64-windows-gnu aarch64-macos aarch64-linux-gnu
CMAKE_C := cmake -S csrc -G Ninja -DPYWASI_BUILD_TESTS=ON -DPYWASI_WERROR=ON
# The core suite in C alone, on both shells: $(call spec_in_c,BUILD,EMULATOR,SUFFIX)
SHELLS := "-DPYWASI_SHELLS=goto;switch"
# Every test that drives a C program; under an emulator the suite alone takes long enough.
DRIVEN = $(shell grep -l 'spec_driver_run\|PYWASI_SPEC_DRIVER' tests/spec/test_*.py)
spec_in_c = PYWASI_SPEC_DRIVER=$(abspath $(1))/spec_driver$(3) PYWASI_SPEC_EMULATOR="$(2)" \
	PYWASI_SPEC_SHELLS="goto switch" python -m pytest -q $(PARALLEL) $(if $(2),tests/spec/test_spec_driver.py,$(DRIVEN))
# The same with every call interrupted at every block, at host functions and at polls, and resumed; some through snapshots.
fuel_in_c = PYWASI_SPEC_DRIVER=$(abspath $(1))/spec_driver PYWASI_SPEC_SHELLS="$(2)" PYWASI_SPEC_FUEL=1 \
	PYWASI_SPEC_MOVES=200 python -m pytest -q $(PARALLEL) tests/spec/test_spec_driver.py
# Configures and builds: $(call c_built,BUILD,CMAKE OPTIONS)
define c_built
	$(CMAKE_C) -B $(1) $(2)
	cmake --build $(1) -j $(JOBS)
endef
CTEST := ctest -j $(JOBS) --output-on-failure --no-tests=error --test-dir
# Configures, builds and runs all that is C: $(call all_in_c,BUILD,CMAKE OPTIONS,EMULATOR,SUFFIX)
define all_in_c
	$(call c_built,$(1),$(SHELLS) $(2) -DPYWASI_TEST_RUNNER=$(3))
	$(CTEST) $(1)
	$(call spec_in_c,$(1),$(3),$(4))
endef
ZIG := -DCMAKE_TOOLCHAIN_FILE=$(CURDIR)/cmake/zig.cmake -DPYWASI_TARGET
# What is compiled for its meaning and not for its speed. As they ship, goto and switch by gcc are in `ctest`, tail and goto
# by clang in `tail`.
QUICK := -DPYWASI_QUICK_SHELLS=ON
TAIL := "-DPYWASI_SHELLS=tail;goto" $(ZIG)=$$(uname -m)-linux-gnu
# Tests in as many processes as there are jobs (tests/shared_fixtures.py says which of them together).
PARALLEL := -n $(JOBS)

# The README's two commands are read from it, so that what is checked is what is promised.
.PHONY: help check $(STEPS) abi3 spec fuzz random-calls large bench format show-generated cross clean tools steps
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

check: ## all that CI checks, each step with a heading; goes on after a failure, and says at the end what failed and what took how long
	@MAKE="$(MAKE)" $(PYTHON) .ci/check.py $(STEPS)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The tools of the dev extra without the package itself; asked of pip once for each state of pyproject.toml.
tools: $(VENV)/.pywasi-tools
$(VENV)/.pywasi-tools: pyproject.toml | $(VENV)/bin/python
	@python .ci/extra.py dev | python -m pip install -q -r /dev/stdin
	@touch $@

# The steps that build the package for this Python build in one folder, so that the C library is compiled once.
install test wheel: export SKBUILD_BUILD_DIR := $(abspath $(BUILD))/package

install: $(VENV)/bin/python ## build, install and run the example: the README's first command
	@set -e; command=$$(python .ci/readme_commands.py install); echo "$$command"; eval "$$command"

test: $(VENV)/bin/python ## install with the test extra and pass the tests: the README's second command
	@set -e; command=$$(python .ci/readme_commands.py test); echo "$$command"; \
	  eval "$$command $(PARALLEL) -m 'not alone'"; python -m pytest -m alone

lint: tools ## ruff
	ruff check .

types: tools ## mypy, as setup.cfg says
	mypy

stubtest: tools ## the stubs against the compiled module (needs the package installed: make test)
	python -m mypy.stubtest pywasi_native --mypy-config-file setup.cfg --allowlist stubs/stubtest_allowlist.txt --ignore-unused-allowlist

docs: $(VENV)/bin/python ## the documentation into build/docs/site; a warning fails. Reads src and stubs, imports nothing
	@python .ci/extra.py docs | python -m pip install -q -r /dev/stdin
	rm -rf $(BUILD)/docs && mkdir -p $(BUILD)/docs/sources
	cp -R src/pywasi_native stubs/pywasi_native $(BUILD)/docs/sources
	PYWASI_DOCS_SOURCES=$(abspath $(BUILD))/docs/sources NO_MKDOCS_2_WARNING=1 \
	  mkdocs build --strict --quiet --site-dir $(abspath $(BUILD))/docs/site
	python .ci/docs_complete.py $(BUILD)/docs/site

ctest: tools ## C tests and the core suite in C on the goto and the switch shell, warnings as errors
	$(call all_in_c,$(BUILD)/c)
	$(call fuel_in_c,$(BUILD)/c,goto switch)

asan: export UBSAN_OPTIONS := print_stacktrace=1
asan: tools ## the same under AddressSanitizer and UndefinedBehaviorSanitizer
	$(call all_in_c,$(BUILD)/asan,-DPYWASI_SANITIZE=ON)
	$(call fuel_in_c,$(BUILD)/asan,goto)

tsan: tools ## the C tests with threads under ThreadSanitizer
	$(CMAKE_C) -B $(BUILD)/tsan -DPYWASI_TSAN=ON
	cmake --build $(BUILD)/tsan -j $(JOBS) --target $(basename $(notdir $(wildcard tests/c/*_threads*.c)))
	$(CTEST) $(BUILD)/tsan -R _threads
	! $(BUILD)/tsan/test_one_store_threads_posix without-lock >/dev/null 2>&1

torture: tools ## the same in a build that hurts: memory moves, every branch polls
	$(call all_in_c,$(BUILD)/torture,-DPYWASI_TORTURE=ON)

# Where size_t has 32 bits, sums of guest numbers wrap unless they are made with 64. Only these machines run such programs.
bits32: tools ## the WASI tests in C as programs of 32 bits, on x86
ifeq ($(shell uname -m),x86_64)
	$(CMAKE_C) -B $(BUILD)/bits32 -DPYWASI_SHELLS=switch $(QUICK) -DPYWASI_WERROR=OFF $(ZIG)=x86-linux-musl
	cmake --build $(BUILD)/bits32 -j $(JOBS) --target $(filter-out %_win32,$(basename $(notdir $(wildcard tests/c/test_wasi_*.c))))
	$(CTEST) $(BUILD)/bits32 -R test_wasi_
else
	@echo 'this machine is no x86_64'
endif

tail: tools ## the C tests and the core suite on the tail-call and the goto shell, by clang (zig cc)
	$(call c_built,$(BUILD)/tail,$(TAIL))
	$(CTEST) $(BUILD)/tail
	PYWASI_SPEC_DRIVER=$(abspath $(BUILD))/tail/spec_driver PYWASI_SPEC_SHELLS="tail goto" \
	  python -m pytest -q $(PARALLEL) tests/spec/test_spec_driver.py
	$(call fuel_in_c,$(BUILD)/tail,tail goto)

handlers: tools ## no handler of the shells that are shipped pushes or spills: their machine code, by objdump
	$(call c_built,$(BUILD)/c,$(SHELLS))
	$(call c_built,$(BUILD)/tail,$(TAIL))
	python .ci/handlers.py $(BUILD)/c $(BUILD)/tail

switch: tools ## the Python tests on a package that was built with the switch shell
	python -m pip install -q --no-deps --upgrade --target $(BUILD)/switch-site . $(patsubst -D%,-Ccmake.define.%,-DPYWASI_SHELLS=switch $(QUICK))
	PYTHONPATH=$(BUILD)/switch-site python -m pytest -q $(PARALLEL) -m 'not alone' tests/spec tests/unit
	PYTHONPATH=$(BUILD)/switch-site python -m pytest -q -m alone tests/unit

cross-build: tools ## compile the C library and its tests for Windows, macOS and Linux on ARM with zig cc
	@set -e; for target in $(TARGETS); do echo "-- $$target"; \
	  $(CMAKE_C) -B $(BUILD)/$$target "-DPYWASI_SHELLS=goto;switch;tail" $(QUICK) $(ZIG)=$$target >/dev/null; \
	  cmake --build $(BUILD)/$$target -j $(JOBS); done

wheel: tools ## build a wheel, audit it, print the matrix of the wheels workflow
	rm -rf $(BUILD)/wheel
	python -m pip wheel -q --no-deps -w $(BUILD)/wheel .
	auditwheel show $(BUILD)/wheel/*.whl
	@auditwheel show $(BUILD)/wheel/*.whl | tr '\n' ' ' | grep -q 'manylinux' || { echo 'no manylinux tag'; exit 1; }
	cibuildwheel --print-build-identifiers --platform linux
	cibuildwheel --print-build-identifiers --platform macos
	cibuildwheel --print-build-identifiers --platform windows

abi3: tools ## the Python tests on an abi3 wheel (needs Python 3.13 or newer), and whether it keeps to the stable ABI
	rm -rf $(BUILD)/abi3 $(BUILD)/abi3-site
	python -m pip wheel -q --no-deps -w $(BUILD)/abi3 . -Cwheel.py-api=cp313
	python -m pip install -q abi3audit && abi3audit -v $(BUILD)/abi3/*.whl
	python -m pip install -q --no-deps --target $(BUILD)/abi3-site $(BUILD)/abi3/*.whl
	PYTHONPATH=$(BUILD)/abi3-site python -m pytest -q tests/unit

spec: ## the official spec tests on the installed package
	python -m pytest -q tests/spec

fuzz: $(VENV)/bin/python ## random modules against wasmtime: thousands of our generator, hundreds of binaryen's if npm is there
	python -m pip install -q '.[test]'
	@command -v npm >/dev/null && npm install --silent --prefix $(BUILD)/npm binaryen || echo 'no npm: without binaryen'
	PATH="$(BUILD)/npm/node_modules/.bin:$$PATH" python tests/fuzz/run_fuzz.py $(FUZZ)

random-calls: $(VENV)/bin/python ## random calls of all of WASI in a package with sanitizers; SECONDS=60
	python -m pip install -q '.[test]'
	python -m pip install -q --no-deps --upgrade --target $(BUILD)/asan-site . -Ccmake.define.PYWASI_SANITIZE=ON
	LD_PRELOAD="$$($(or $(CC),cc) -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16 \
	  PYTHONPATH=$(abspath $(BUILD))/asan-site PYWASI_RANDOM_SECONDS=$(or $(SECONDS),60) \
	  python -m pytest -q tests/security/test_random_calls.py

large: $(VENV)/bin/python ## large modules from PyPI (Yosys, 69 MB) give what they give under wasmtime
	python -m pip install -q '.[test]'
	PYWASI_LARGE=1 python -m pytest -q tests/real/test_large_modules.py

bench: $(VENV)/bin/python ## ratios to pywasm3, wasmtime and native code; BENCH="--rounds 7 --only kernels" for options
	python -m pip install -q '.[bench]'
	python -m benchmarks $(BENCH)

format: tools ## rewrite Python with ruff and C with clang-format
	ruff format .
	ruff check --fix .
	git ls-files 'csrc/*.c' 'csrc/*.h' 'tests/*.c' 'tests/*.h' | grep -v '\.op\.c$$' | xargs clang-format -i

show-generated: ## write the generated headers to build/gen and list them
	@mkdir -p $(BUILD)/gen
	$(PYTHON) csrc/gen/generate.py $(BUILD)/gen csrc/ops/*.op.c
	@wc -l $(BUILD)/gen/*

cross: export WINEDEBUG := -all
cross: tools ## run the C tests for ARM Linux under qemu-user and for Windows under wine (both from Debian)
	@command -v qemu-aarch64 >/dev/null || { echo 'qemu-aarch64 is missing: apt-get install qemu-user'; exit 1; }
	@command -v wine >/dev/null || { echo 'wine is missing: apt-get install wine64'; exit 1; }
	$(call all_in_c,$(BUILD)/qemu,$(ZIG)=aarch64-linux-musl,qemu-aarch64)
	$(call all_in_c,$(BUILD)/wine,$(ZIG)=x86_64-windows-gnu,wine,.exe)
	PYWASI_CROSS=1 python -m pytest -q tests/gen

clean: ## remove what building and testing left behind
	rm -rf $(BUILD) dist wheelhouse .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

steps:
	@echo $(STEPS)
