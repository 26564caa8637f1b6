# firstbyte. `make run` builds and shows it, `make test` tests it. Both install missing packages.
# All output is in build/. `make V=1` shows the commands. `make help` lists the targets.

BUILD  ?= build$(if $(SANITIZE),/asan)
PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
COMPLETIONS ?= $(PREFIX)/share/bash-completion/completions
CFLAGS ?= -O2 -g
FUZZ_SECONDS ?= 20
JOBS   ?= $(shell nproc)

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
       -Wwrite-strings -Wpointer-arith -Wvla -Wformat=2 -Wundef $(WERROR)
SAN  = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer \
       -DSANITIZED)
PKGS = libssl libcrypto libcares libidn2 libpsl zlib libbrotlidec libzstd jansson libutf8proc \
       libnghttp2

# llhttp is a system library, or is built from the sources of Debian's package node-llhttp: either
# installed in /usr/share/llhttp, or unpacked by tools/llhttp into build/llhttp.
ifeq ($(shell pkg-config --exists libllhttp 2>/dev/null && echo yes),yes)
PKGS += libllhttp
else
LLHTTP := $(if $(wildcard /usr/share/llhttp/llhttp.c),,build/llhttp)/usr/share
LLHTTP_OBJ = $(patsubst %,$(BUILD)/obj/llhttp/%.o,api http llhttp)
endif

INC  := -I. $(if $(LLHTTP),-isystem $(LLHTTP)/include/llhttp) \
        $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null || \
        echo -lssl -lcrypto -lcares -lidn2 -lpsl -lz -lbrotlidec -lzstd -ljansson -lutf8proc \
        -lnghttp2) -lresolv -lm
# Debian's hardening flags. A packager whose CFLAGS and LDFLAGS contain hardening flags sets HARDEN
# and HARDEN_LD to nothing. Builds with sanitizers do not use them: sanitizers check the same calls.
# FORTIFY needs optimization.
HARDEN    ?= -fstack-protector-strong -fPIE $(if $(OPTIMIZED),$(FORTIFY))
HARDEN_LD ?= -pie -Wl,-z,relro -Wl,-z,now
OPTIMIZED  = $(filter-out -O0,$(lastword $(filter -O%,$(CFLAGS))))
FORTIFY    = $(if $(findstring _FORTIFY_SOURCE,$(CFLAGS) $(CPPFLAGS)),, \
             -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)

COMPILE = $(CC) -std=gnu11 $(if $(SANITIZE),,$(HARDEN)) $(CFLAGS) $(SAN) -D_GNU_SOURCE $(INC) \
          $(CPPFLAGS) -MMD -MP -c -o $@ $<
LINK    = $(CC) $(if $(SANITIZE),,$(HARDEN) $(HARDEN_LD)) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
FOLDERS = base reactor dns tls http origin bench/load bench/stats cli
files   = $(wildcard $(foreach folder,$(FOLDERS),$(folder)/$(1) $(folder)/*/$(1)))
SRC     = $(filter-out cli/main.c,$(call files,*.c))
UNIT    = $(wildcard tests/*/test_*.c tests/*/*/test_*.c)
SUPPORT = $(wildcard tests/support/*.c)
FUZZ    = $(wildcard tests/fuzz/fuzz_*.c)
OURS    = $(SRC) cli/main.c $(UNIT) $(SUPPORT) $(FUZZ)
HEADERS = $(call files,*.h) $(wildcard tests/*/*.h)
PEERS   = $(wildcard bench/peers/*.[ch])
OBJ     = $(call obj,$(OURS))
LIB     = $(BUILD)/libfirstbyte.a

TESTS   = $(UNIT:%.c=$(BUILD)/%)
PEER    = $(patsubst bench/peers/%.c,$(BUILD)/peers/%,$(filter %.c,$(PEERS)))
FUZZERS = $(FUZZ:tests/fuzz/%.c=$(BUILD)/%)

Q   = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(or $(2),$(@:$(BUILD)/%=%)))
# runs make with JOBS jobs, unless the caller set a number of jobs
SUB = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))

all: $(BUILD)/firstbyte ## builds build/firstbyte

$(BUILD)/firstbyte: $(call obj,cli/main.c) $(LIB)
	$(call say,LINK)
	$(Q)$(LINK) $(LIBS)

$(LIB): $(call obj,$(SRC)) $(LLHTTP_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OBJ): $(BUILD)/obj/%.o: %.c Makefile $(if $(LLHTTP),| $(LLHTTP)/llhttp/llhttp.c)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(WARN)

$(LLHTTP_OBJ): $(BUILD)/obj/llhttp/%.o: $(LLHTTP)/llhttp/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILE) -w

build/llhttp/usr/share/llhttp/llhttp.c:
	$(Q)tools/llhttp
build/llhttp/usr/share/llhttp/api.c build/llhttp/usr/share/llhttp/http.c: \
	build/llhttp/usr/share/llhttp/llhttp.c ;

$(TESTS): $(BUILD)/%: $(BUILD)/obj/%.o $(call obj,$(SUPPORT)) $(LIB)
	$(call say,LINK)
	$(Q)mkdir -p $(@D) && $(LINK) -lcmocka $(LIBS)

$(FUZZERS): $(BUILD)/%: $(BUILD)/obj/tests/fuzz/%.o $(LIB)
	$(call say,LINK)
	$(Q)$(LINK) -fsanitize=fuzzer $(LIBS)

$(BUILD)/peers/multi: PEER_LIBS = -lcurl
$(PEER): $(BUILD)/peers/%: bench/peers/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 $(CFLAGS) -D_GNU_SOURCE $(WARN) -o $@ $< $(PEER_LIBS)

objects: $(OBJ)
tests: all $(TESTS)
fuzzers: $(FUZZERS)
peers: $(PEER)
tidy: $(OURS:%=build/tidy/%.ok)
all objects tests fuzzers peers tidy: ; @:

# The targets of `make help`. Packages are installed first, then a second make starts, because make
# looks for the libraries only when it starts.
run: ## builds, and runs a race of sites.conf; LIVE=1: the real sites
	$(Q)tools/deps run
	+$(Q)$(SUB) all
	$(BUILD)/firstbyte race $(if $(LIVE),,--rehearse)

test: ## runs the tests; T=word: those whose name contains it
	$(Q)tools/deps run test
	+$(Q)$(SUB) tests
	$(Q)tests/run -b $(BUILD) $(T)

# tests that need heavy packages; a server that cannot be installed is skipped by name
test-peers: ## runs the tests against other servers; T=word
	$(Q)tools/deps run test servers
	+$(Q)$(SUB) all
	$(Q)tests/run -b $(BUILD) -s peers $(T)

asan: ## runs the tests with the sanitizers of gcc; T=word
	$(Q)tools/deps run test
	+$(Q)$(SUB) tests SANITIZE=address,undefined BUILD=build/asan
	$(Q)tests/run -b build/asan $(T)

bench: ## compares this program with others
	$(Q)tools/deps run bench
	+$(Q)$(SUB) all peers
	$(Q)FIRSTBYTE=$(abspath $(BUILD)/firstbyte) PEERS=$(abspath $(BUILD)/peers) bench/compare.sh

# installs the programs that `make bench` skips if they are missing
bench-deps: ## installs the other programs
	$(Q)tools/deps run bench peers

lint: ## checks format, includes, documents, warnings, clang-tidy
	$(Q)tools/deps run test lint
	$(Q)clang-format --dry-run -Werror $(OURS) $(HEADERS) $(PEERS)
	$(Q)tools/lint-includes
	$(Q)tools/lint-readmes
	$(Q)tools/lint-docs
	$(Q)tools/lint-lines
	+$(Q)$(SUB) objects BUILD=build/lint-gcc CC=gcc WERROR=-Werror
	+$(Q)$(SUB) objects BUILD=build/lint-clang CC=clang WERROR=-Werror
	+$(Q)$(SUB) tidy

build/tidy/%.ok: % $(HEADERS) .clang-tidy
	$(call say,TIDY,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- -std=gnu11 -D_GNU_SOURCE $(INC) 2>$@.log || { cat $@.log; exit 1; }
	$(Q)touch $@

fuzz: ## runs the fuzz targets; FUZZ_SECONDS=20 each, T=word
	$(Q)tools/deps run fuzz
	+$(Q)$(SUB) fuzzers CC=clang BUILD=build/fuzz SANITIZE=fuzzer-no-link,address,undefined
	$(Q)tools/fuzz build/fuzz $(FUZZ_SECONDS) $(T)

# the files that are generated from the table of options
generated: $(BUILD)/firstbyte ## writes the option list of the man page and the completion
	$(Q)sed -n '1,/^\.\\" Begin of the list/p' man/firstbyte.1 >$(BUILD)/firstbyte.1
	$(Q)$(BUILD)/firstbyte help mdoc >>$(BUILD)/firstbyte.1
	$(Q)sed -n '/^\.\\" End of the list/,$$p' man/firstbyte.1 >>$(BUILD)/firstbyte.1
	$(Q)mv $(BUILD)/firstbyte.1 man/firstbyte.1
	$(Q)$(BUILD)/firstbyte help completion >completion/firstbyte.bash

install: all ## installs program, man pages, completion; PREFIX=/usr/local
	install -D -m 755 $(BUILD)/firstbyte $(DESTDIR)$(PREFIX)/bin/firstbyte
	install -D -m 644 man/firstbyte.1 $(DESTDIR)$(MANDIR)/man1/firstbyte.1
	install -D -m 644 man/firstbyte-sites.conf.5 $(DESTDIR)$(MANDIR)/man5/firstbyte-sites.conf.5
	install -D -m 644 completion/firstbyte.bash $(DESTDIR)$(COMPLETIONS)/firstbyte

uninstall: ## removes what was installed
	rm -f $(DESTDIR)$(PREFIX)/bin/firstbyte $(DESTDIR)$(MANDIR)/man1/firstbyte.1 \
	    $(DESTDIR)$(MANDIR)/man5/firstbyte-sites.conf.5 $(DESTDIR)$(COMPLETIONS)/firstbyte

help: ## lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

deps: ## installs what building and testing need
	$(Q)tools/deps run test

# keeps build/llhttp, so that the next build needs no network
clean: ## removes what was built
	rm -rf $(filter-out build/llhttp,$(wildcard build/*))

.PHONY: all objects tests fuzzers peers run test test-peers asan bench bench-deps lint tidy fuzz \
        generated install uninstall help deps clean
.DELETE_ON_ERROR:
-include $(OBJ:.o=.d) $(LLHTTP_OBJ:.o=.d)
