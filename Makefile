# topdown - make demo and make check do all the set-up they need; see README.md.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif

PACKAGES := sndfile libmpg123 flac vorbisenc vorbis ogg libopusenc yaml-0.1 libcurl sqlite3 libmicrohttpd jansson libcrypto
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lmp3lame
RUBBERBAND = $(shell pkg-config --variable=libdir rubberband 2>/dev/null)/librubberband.a

# No contraction and no fast-math: the same samples on every machine (engine/base/maths.h).
CFLAGS ?= -O2 -g
TD_CFLAGS = -std=gnu11 -D_GNU_SOURCE -I. -DTD_VERSION='"$(VERSION)"' \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef -Werror \
	-ffp-contract=off -fno-math-errno -fno-trapping-math -fno-strict-aliasing -pthread $(PKG_CFLAGS)
TD_LDFLAGS = -pthread $(LDFLAGS)
TD_LIBS = $(BUILD)/librubberband.a $(PKG_LIBS) -l:libstdc++.so.6 -lm

# make V=1 shows whole commands
Q = $(if $(V),,@)
SAY = @$(if $(V),:,echo '  ')

, := ,
PEERS ?= topdown ffmpeg_1pass ffmpeg_full sox csound
JOBS ?= $(shell nproc)
FORMATTED = $(shell git ls-files '*.c' '*.h' ':!tests/bench/gen_session.c')

ROOMS := engine/base engine/audio engine/dsp engine/meter engine/mix engine/mix/open engine/mix/hear engine/mix/decide engine/report \
	recipes jobs jobs/order jobs/store jobs/net jobs/http cmd
SOURCES := $(filter-out cmd/main.c,$(wildcard $(ROOMS:%=%/*.c)))
OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o)
LIBRARY := $(BUILD)/libtopdown.a
UNIT := $(wildcard tests/unit/*/*/test_*.c tests/unit/*/test_*.c)
UNIT_BIN := $(UNIT:tests/unit/%.c=$(BUILD)/tests/%)
FIGURES := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/figures/*.c))

.PHONY: all deps demo check unit manual mix rack machines service bench bench-rack figures lint asan tsan install clean force
all: $(BUILD)/topdown

# what vectorises along time gains from -O3
$(BUILD)/obj/engine/%.o: TD_OPT = -O3
# what names the place of installation is compiled anew for another
PLACED := $(addprefix $(BUILD)/obj/,cmd/doctor.o cmd/recipe.o recipes/library.o)
$(PLACED): TD_OPT = -DTD_PREFIX='"$(PREFIX)"'
$(PLACED): $(BUILD)/prefix
$(BUILD)/prefix: force
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@
$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(TD_CFLAGS) $(CFLAGS) $(TD_OPT) -MMD -MP -c $< -o $@

# Rubber Band computes with our functions, so that its samples too are the same on every machine (engine/dsp/pitch.c)
$(BUILD)/librubberband.a: engine/dsp/rubberband.map
	@mkdir -p $(@D)
	$(Q)objcopy --redefine-syms=$< $(RUBBERBAND) $@

$(LIBRARY): $(OBJECTS) | $(BUILD)/librubberband.a
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/topdown: $(BUILD)/obj/cmd/main.o $(LIBRARY)
	$(SAY) LINK $@
	$(Q)$(CC) $(TD_LDFLAGS) $^ $(TD_LIBS) -o $@

$(BUILD)/tests/%: tests/unit/%.c $(LIBRARY) Makefile
	@mkdir -p $(@D)
	$(SAY) TEST $<
	$(Q)$(CC) $(TD_CFLAGS) $(CFLAGS) -MMD -MP $< $(LIBRARY) $(TD_LDFLAGS) $(TD_LIBS) -lcmocka -lebur128 -o $@

deps:
	@packaging/deps.sh build

demo:
	@packaging/deps.sh demo
	@$(MAKE) --no-print-directory -j$(JOBS) all
	demo/run.sh

unit: $(UNIT_BIN)
	@tests/unit/run.sh $(UNIT_BIN)

# the program against real peers: nginx, curl, another's webhook library, kill -9
service: $(BUILD)/topdown
	@TOPDOWN=$(BUILD)/topdown SERVICE_TOOLS=$(abspath $(BUILD))/service-tools tests/service/run.sh

$(BUILD)/figures: $(FIGURES) $(LIBRARY)
	$(SAY) LINK $@
	$(Q)$(CC) $(TD_LDFLAGS) $^ $(TD_LIBS) -o $@

# every acceptance line of every processor, measured (a missed one fails), and the pictures of docs/processors.md
figures: $(BUILD)/figures
	@$(BUILD)/figures --draw docs/processors
	@$(BUILD)/figures $(BUILD)/figures.json

# the program on real stems, judged by ffmpeg and cmp
mix: $(BUILD)/topdown
	@failed=; for t in run hostile outputs kept rough; do \
		TOPDOWN=$(BUILD)/topdown tests/mix/$$t.sh || failed="$$failed tests/mix/$$t.sh"; done; \
	tests/mix/ebu.py $(BUILD)/topdown $(BUILD)/ebu.txt || failed="$$failed tests/mix/ebu.py"; \
	[ -z "$$failed" ] || { echo "mix: failed:$$failed"; exit 1; }

# processors from outside: recipes of one step on sounds sox makes, against what formulas say
rack: $(BUILD)/topdown
	@TOPDOWN=$(BUILD)/topdown tests/mix/rack.sh

$(BUILD)/machines/rack: tests/machines/rack.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(TD_CFLAGS) $(CFLAGS) $< $(LIBRARY) $(TD_LDFLAGS) $(TD_LIBS) -o $@

# the same bytes on older and newer processors, for which qemu stands
machines: $(BUILD)/topdown $(BUILD)/machines/rack
	@TOPDOWN=$(BUILD)/topdown RACK=$(BUILD)/machines/rack tests/machines/run.sh

# docs/processors.md says what the program says, and its recipes pass
manual: $(BUILD)/topdown
	@TOPDOWN=$(BUILD)/topdown tests/manual/run.sh

# all set-up, all tests; one suite that fails keeps none of the others from running
check:
	@packaging/deps.sh check
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@failed=; for suite in unit manual mix rack machines service; do \
		$(MAKE) --no-print-directory -j$(JOBS) $$suite || failed="$$failed $$suite"; done; \
	[ -z "$$failed" ] || { echo "check: failed:$$failed"; exit 1; }

# What cppcheck takes for mistakes and others judge better: members that tables reach by their offset; what is not
# initialised (both compilers, and the sanitizers; it takes an array's address for a read); a macro without arguments.
NO_MISTAKES := invalidPointerCast uninitvar legacyUninitvar internalAstError missingIncludeSystem normalCheckLevelMaxBranches

# format, and the warnings of both compilers as errors
lint:
	@packaging/deps.sh lint
	clang-format --dry-run -Werror $(FORMATTED)
	@$(MAKE) --no-print-directory -j$(JOBS) CC=clang BUILD=$(BUILD)/clang all
	cppcheck --quiet -j$(JOBS) --error-exitcode=1 --std=c11 -I. -D__x86_64__ --enable=warning,portability --inline-suppr \
		'-Djson_array_foreach(a,i,v)=while((v=json_array_get(a,i++)))' \
		'-Djson_object_foreach(o,k,v)=while((v=json_object_get(o,k)))' \
		$(NO_MISTAKES:%=--suppress=%) $(ROOMS)

SANITIZE = $(MAKE) --no-print-directory -j$(JOBS) BUILD=$(BUILD)-$(1) CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=$(2)' LDFLAGS='-fsanitize=$(2)'

# unit tests and mixes under the address and undefined-behaviour sanitizers
asan:
	@packaging/deps.sh check
	@UBSAN_OPTIONS=halt_on_error=1 $(call SANITIZE,asan,address$(,)undefined) all unit mix

# and under the thread sanitizer
tsan:
	@packaging/deps.sh check
	@$(call SANITIZE,tsan,thread) all unit mix

install: $(BUILD)/topdown
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/topdown/recipes $(DESTDIR)$(PREFIX)/share/topdown/schema
	install -m 755 $(BUILD)/topdown $(DESTDIR)$(PREFIX)/bin/topdown
	install -m 644 recipes/library/*.yaml $(DESTDIR)$(PREFIX)/share/topdown/recipes
	install -m 644 packaging/schema/plan-1.json packaging/schema/report-1.json $(DESTDIR)$(PREFIX)/share/topdown/schema
	$(BUILD)/topdown recipe schema > $(DESTDIR)$(PREFIX)/share/topdown/schema/recipe-1.json
	$(BUILD)/topdown job schema > $(DESTDIR)$(PREFIX)/share/topdown/schema/job-1.json

# the same job by topdown and by what people would use instead, on a song of invented stems, and the ratios; then rack
bench: $(BUILD)/topdown
	@packaging/deps.sh bench
	@mkdir -p $(BUILD)/bench
	@$(CC) -O2 tests/bench/gen_session.c -o $(BUILD)/bench/gen_session -lm
	@[ -s $(BUILD)/bench/s24/session.tsv ] || $(BUILD)/bench/gen_session $(BUILD)/bench/s24 24 240
	@TOPDOWN=$(abspath $(BUILD))/topdown tests/bench/peers.sh $(BUILD)/bench/s24 $(BUILD)/bench/out $(PEERS) | tee $(BUILD)/bench/table.txt
	@tests/bench/ratios.sh $(BUILD)/bench/table.txt
	@tests/bench/planning.py $(BUILD)/topdown demo/stems=pop-rock demo/stems=electronic
	@$(MAKE) --no-print-directory bench-rack

$(BUILD)/bench/rack: tests/bench/rack.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(TD_CFLAGS) $(CFLAGS) $< $(LIBRARY) $(TD_LDFLAGS) $(TD_LIBS) -o $@

$(BUILD)/bench/lv2_host: tests/bench/lv2_host.c
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(TD_CFLAGS) $(CFLAGS) $$(pkg-config --cflags lilv-0) $< $$(pkg-config --libs lilv-0) -lm -o $@

# what a frame costs in each processor, beside LV2 plug-ins, ffmpeg and sox; make bench-rack RACK="eq limiter" for some
bench-rack:
	@packaging/deps.sh bench
	@$(MAKE) --no-print-directory $(BUILD)/bench/rack $(BUILD)/bench/lv2_host
	@RACK=$(BUILD)/bench/rack LV2_HOST=$(BUILD)/bench/lv2_host tests/bench/rack.sh $(RACK) | tee $(BUILD)/bench/rack.md

$(BUILD)/make_session: tests/bench/make_session.c $(LIBRARY)
	$(SAY) LINK $@
	$(Q)$(CC) $(TD_CFLAGS) $(CFLAGS) $< $(LIBRARY) $(TD_LDFLAGS) $(TD_LIBS) -o $@

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan

-include $(OBJECTS:.o=.d) $(FIGURES:.o=.d) $(UNIT_BIN:=.d) $(BUILD)/obj/cmd/main.d
