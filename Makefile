# runts: `make demo` and `make test` are all that a newcomer needs; `make help` lists the rest.
# Everything a target needs is set up by it: Debian packages and npm packages when they are missing, then the build.
# A second run does nothing: what is up to date is known from the stamps in build/ and the files in dist/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local
BENCH ?=
DESTDIR ?=
CC ?= cc
node := node_modules/.bin/node

schemas := $(shell find spec-schemas -type f)
sources := $(shell find src -name '*.ts' -not -path 'src/generated/*')
native := binding.gyp scripts/build-native.sh scripts/musl-cc.sh scripts/node-home.sh \
	$(shell find addon -name '*.c' -o -name '*.cc' -o -name '*.h' -not -name '*.gen.h')
products := dist/runts dist/runts-init dist/runts.node dist/runts_seccomp.node dist/runts_systemd.node
NATIVE_TESTS := $(wildcard test/native/*_test.c)
native_tests := $(patsubst test/native/%.c,build/native-test/%,$(NATIVE_TESTS))

.PHONY: build
build: $(products) dist/runts.cjs dist/node build/.warm-up ## build everything: dist/runts is the program

.PHONY: demo
demo: build ## show a container's life, with busybox in a temporary directory
	@scripts/demo.sh

.PHONY: test
test: build $(native_tests) ## lint, type check, unit, native and integration tests; ends with "N passed, N failed"
	@scripts/setup.sh engines
	@scripts/setup.sh readers
	@scripts/test.sh lint unit native integration

.PHONY: test-unit test-native test-integration test-resident test-resident-core test-engines soak test-lab
test-unit: build ## the TypeScript parts, without the kernel
	@scripts/test.sh unit
test-native: $(native_tests) ## plan decoder and runts-init, with ASan and UBSan
	@scripts/test.sh native
test-integration: build $(native_tests) ## the built program on this kernel
	@scripts/setup.sh engines
	@scripts/setup.sh readers
	@scripts/test.sh integration
test-resident: export RUNTS_TEST_AGENT := 1
test-resident: test-integration ## the same through a resident agent
test-resident-core: build ## of those, what is about processes: two minutes
	@scripts/test.sh resident
test-engines: build ## under containerd, Docker, Podman and Buildah, beside runc; installs the packages for it
	@scripts/setup.sh engines
	@scripts/test.sh engines
soak: build ## 1,000 lives of containers under Podman and containerd, at the end of which nothing has grown; an hour or more
	@scripts/setup.sh engines
	@SOAK_CYCLES=$${SOAK_CYCLES:-1000} SCENARIO_TIMEOUT=20000 SOAK_REPORT=$${SOAK_REPORT:-/dev/stderr} test/engines/run soak
test-lab: build ## cgroup v2, in a throw-away Linux guest; installs the packages for it
	@scripts/setup.sh lab
	@scripts/test.sh lab

.PHONY: conformance
conformance: build ## requirements of the runtime-spec with OCI runtime-tools, beside runc and crun; installs the packages for it
	@scripts/setup.sh conformance
	@scripts/test.sh conformance

.PHONY: bench
bench: build build/measure ## measure runts beside runc and crun; BENCH="--rounds 10 --only run,state" (bench/main.ts)
	@scripts/setup.sh bench
	@scripts/bench.sh $(BENCH)

.PHONY: test-scale
test-scale: build build/measure ## 1,000 containers at once, 50 creates at once, 10,000 calls of one agent: all succeed, and nothing is left
	@$(node) bench/scale.ts
	@$(node) bench/calls.ts

.PHONY: bun
bun: build ## the same with Bun as its host, in dist/bun: starts in a third of the time (docs/performance.md)
	@scripts/bun.sh

.PHONY: lint
lint: build/.npm build/.operations build/.schemas ## biome, clang-format and the type checker
	@scripts/lint.sh

.PHONY: format
format: build/.npm ## rewrite what `make lint` would complain of
	@node_modules/.bin/biome check --write --log-level=warn .
	@find addon bench test -name '*.c' -o -name '*.cc' -o -name '*.h' -not -name '*.gen.h' | xargs clang-format -i

.PHONY: install
install: build build/.manual ## install below $(DESTDIR)$(PREFIX); it then works without this checkout
	@scripts/install.sh "$(DESTDIR)$(PREFIX)" "$(PREFIX)"

.PHONY: uninstall
uninstall: ## remove what `make install` put there
	rm -rf "$(DESTDIR)$(PREFIX)/libexec/runts"
	rm -f "$(DESTDIR)$(PREFIX)/bin/runts"
	rm -f "$(DESTDIR)$(PREFIX)"/lib/systemd/system/runts-agent.{socket,service}
	rm -f "$(DESTDIR)$(PREFIX)"/share/man/man8/{runts,runts-*}.8
	rm -f "$(DESTDIR)$(PREFIX)"/share/{bash-completion/completions/runts,zsh/site-functions/_runts}
	rm -f "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/runts.fish"

.PHONY: clean
clean: ## remove everything built, but not node_modules
	rm -rf build dist src/generated addon/core/operations.gen.h

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1|\2/p' Makefile | column -t -s '|'

# ---- setting up. scripts/setup.sh installs or says what to install; its stamp is renewed when the script changes.
build/.system: scripts/setup.sh
	@scripts/setup.sh build
	@mkdir -p build && touch $@

build/.npm: package-lock.json build/.system scripts/npm.sh scripts/node-home.sh
	@scripts/npm.sh
	@touch $@

# ---- generated sources. The build id is a hash over the native sources, so the operations depend on these as well.
build/.operations: src/plan/operations.ts scripts/generate-operations.ts $(native) build/.npm
	@$(node) scripts/generate-operations.ts
	@touch $@

build/.schemas: $(schemas) scripts/generate-schemas.ts $(wildcard scripts/schemas/*.ts) build/.npm
	@$(node) scripts/generate-schemas.ts
	@touch $@

# ---- native programs and addons
build/.native: $(native) build/.operations
	@echo 'building the native parts' >&2
	@scripts/build-native.sh
	@touch $@

# Moved into place, not overwritten: containers may be running from the old files.
$(products): dist/%: build/.native
	@mkdir -p dist
	@cp build/Release/$* dist/.$*.new && mv dist/.$*.new $@

# ---- the bundle, and what V8 compiled of it. A new commit shows in `runts --version`.
dist/runts.cjs: $(sources) package.json scripts/bundle.ts scripts/warm-commands.ts build/.operations build/.schemas $(wildcard .git/logs/HEAD)
	@mkdir -p dist
	@$(node) scripts/bundle.ts
build/.warm-up: dist/runts.cjs scripts/warm-up.ts scripts/warm-commands.ts $(products)
	@$(node) scripts/warm-up.ts >build/warm-up.log 2>&1 || { cat build/warm-up.log >&2; exit 1; }
	@touch $@
dist/node: build/.npm
	@mkdir -p dist
	@ln -sfn "../$$(scripts/node-home.sh)/bin/node" $@

# ---- manual and completion, in build/man and build/completions: needed by `make install` only
build/.manual: $(sources) package.json scripts/generate-manual.ts $(wildcard scripts/manual/*) build/.operations build/.schemas
	@$(node) scripts/generate-manual.ts
	@touch $@

# ---- what the benchmark measures with
build/measure: bench/measure.c build/.system
	@$(CC) -O2 -Wall -Wextra -Werror -o $@ $<

# ---- native tests: one program for each test/native/*_test.c, linked with the core and runts-init, whose main is renamed.
# With the host's compiler and libc, since musl has no sanitizers.
sanitized := $(CC) -std=gnu11 -g -O1 -Wall -Wextra -Werror -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all -Iaddon -Iaddon/core -Iaddon/init
native_objects := $(patsubst addon/%.c,build/native-test/%.o,$(wildcard addon/core/*.c addon/init/*.c))

build/native-test/%.o: addon/%.c $(wildcard addon/core/*.h addon/init/*.h) build/.operations
	@mkdir -p $(@D)
	@$(sanitized) -Dmain=runts_init_main -c -o $@ $<
build/native-test/%: test/native/%.c $(wildcard test/native/*.h) $(native_objects)
	@$(sanitized) -o $@ $< $(native_objects)
.SECONDARY: $(native_objects)
