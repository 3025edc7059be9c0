# Thin: what is built is in CMakeLists.txt, how in CMakePresets.json.

define HELP
make bench    install what is missing, build, run a plan, time it, draw its figures, print its summary
                PLAN=default    a file of bench/plans/, or a path
                ONLY='glob'     only the cells whose names match, e.g. ONLY='jemalloc/*'
                REPEAT=n        runs per cell
                JOBS=n          processes alive at the same time
                OUT=dir         the run folder (else results/<utc>-<host>, with results/latest to it)
make plots    draw the figures of a run again
                RUN=dir         its folder (else results/latest)
make test     install what is missing, build, run every test
make check    format, a build by clang, the tests under sanitizers
make fuzz     look for inputs that break what reads files and texts, by libFuzzer
                SECONDS=n       for each target (else 60)
make format   put the sources into the house format
make clean    remove build/ (results stay)
endef

PLAN := default
# The shell takes these from its environment, so that no value is ever parsed as shell.
export PLAN ONLY REPEAT JOBS OUT RUN

CORES := $(shell getconf _NPROCESSORS_ONLN)
# CMake's own makefiles are to see neither our variables nor our -j.
CMAKE := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL cmake
BUILD := $(CMAKE) --build --parallel $(CORES) --preset
SOURCES := find . \( -path ./build -o -path ./results -o -path ./.git \) -prune \
	-o -type f \( -name '*.[ch]' -o -name '*.cc' \) -print0

.NOTPARALLEL:
.PHONY: help bench plots test fuzz check format clean

help: export TEXT = $(HELP)
help:
	@printf '%s\n' "$$TEXT"

bench:
	@scripts/install-deps
	@test -f build/release/Makefile || $(CMAKE) --preset release
	@$(BUILD) release --target programs
	@scripts/bench build/release/bench/afterfree "$${OUT:-results/latest}" --plan="$$PLAN" \
		$${ONLY:+"--only=$$ONLY"} $${REPEAT:+"--repeat=$$REPEAT"} \
		$${JOBS:+"--jobs=$$JOBS"} $${OUT:+"--out=$$OUT"}

plots:
	@scripts/plot "$${RUN:-results/latest}"

test:
	@scripts/install-deps --tests
	@$(CMAKE) --preset release
	@$(BUILD) release
	@ctest --preset release

# To a shell SECONDS is a clock.
fuzz: export FUZZ_SECONDS = $(SECONDS)
fuzz:
	@scripts/install-deps --tests
	@scripts/fuzz search

check:
	@scripts/install-deps --tests
	@$(SOURCES) | xargs -0 -r clang-format --dry-run --Werror
	@$(CMAKE) --preset clang
	@$(BUILD) clang
	@$(CMAKE) --preset asan
	@$(BUILD) asan
	@ctest --preset asan

format:
	@$(SOURCES) | xargs -0 -r clang-format -i
	@! command -v gofmt >/dev/null || gofmt -w workloads services

clean:
	rm -rf build
