# plattli: the commands a person or a CI types. `make help` lists them.
SHELL   := /bin/bash
CARGO   := scripts/cargo
TARGET  := $(or $(CARGO_TARGET_DIR),target)
LIBRARY := build/lib/libplattli.a
LIBS    := -lpthread -ldl -lm -lgcc_s
PREFIX  ?= /usr/local
CFLAGS  ?= -O2 -g -std=gnu11 -Wall -Wextra

.PHONY: all lib install dist demo test check bench bench-docs clean help tools
all: lib

lib: ## build the static and the shared library (release) into build/lib; CARGOFLAGS=--no-default-features makes small ones
	@scripts/bootstrap.sh build
	$(CARGO) rustc --release --lib --locked --crate-type staticlib,cdylib $(CARGOFLAGS)
	@tools/collect.sh $(TARGET)/release build/lib

install: lib ## install into PREFIX=/usr/local: headers, libraries, sources, CMake and pkg-config files; LIBDIR, DESTDIR
	@PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' DESTDIR='$(DESTDIR)' tools/install.sh build/lib
	@echo "plattli is installed in $(DESTDIR)$(PREFIX)"

dist: ## make build/dist/plattli-VERSION.tar.gz, which builds without a network, and a tarball of the installed files
	@tools/dist.sh

demo: build/heat build/show ## simulate, kill, restart, finish, and read it back, in C and in Python
	@scripts/demo.sh

test: ## everything: format, lints, Rust and C tests, interop, kills, live reading (under 30 minutes)
	@scripts/test.sh

check: ## format, lints and Rust tests only
	$(CARGO) fmt --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) test --workspace

bench: lib ## what a step, a run, a read cost beside what people use instead (about 20 minutes); BENCHFLAGS=--quick, see benches/run.py --help
	@scripts/bootstrap.sh bench
	@scripts/venv.sh bench >/dev/null || echo '*** no Python with the PyPI package plattli and matplotlib: its figures and the plots are left out'
	@benches/run.py $(BENCHFLAGS)
	@echo 'Tables: benches/run.py --report. Into README.md and docs: make bench-docs'

bench-docs: ## put the figures of the last make bench into README.md, docs/performance.md and docs/plots
	@benches/run.py --report --into README.md --into docs/performance.md --plots docs/plots >/dev/null

tools: build/driver build/heat build/show build/step build/many build/steady

build/driver: c_tests/words.c c_tests/pattern.c c_tests/words.h c_tests/pattern.h
build/driver build/steady: build/%: c_tests/%.c
build/heat build/show: build/%: examples/%.c
build/step build/many: build/%: benches/%.c

build/driver build/steady build/heat build/show build/step build/many: include/plattli.h $(LIBRARY)
	@mkdir -p build
	$(CC) $(CFLAGS) -Werror -Iinclude $(filter %.c,$^) -o $@ $(LIBRARY) $(LIBS)

# cargo alone knows whether the library is up to date.
$(LIBRARY): lib ;

clean: ## remove what the build made
	rm -rf build
	$(CARGO) clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12
