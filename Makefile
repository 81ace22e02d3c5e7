# topdown - make demo and make check do all the set-up they need; see README.md.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif

PACKAGES := sndfile libmpg123 flac vorbisenc vorbis ogg libopusenc yaml-0.1 libcurl sqlite3 libmicrohttpd jansson libcrypto rubberband
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lmp3lame

# No contraction and no fast-math: the same samples on every machine (engine/base/maths.h).
CFLAGS ?= -O2 -g
TD_CFLAGS = -std=gnu11 -D_GNU_SOURCE -I. -DTD_VERSION='"$(VERSION)"' -DTD_PREFIX='"$(PREFIX)"' \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef -Werror \
	-ffp-contract=off -fno-math-errno -fno-trapping-math -fno-strict-aliasing -pthread $(PKG_CFLAGS)
TD_LDFLAGS = -pthread $(LDFLAGS)
TD_LIBS = $(PKG_LIBS) -lm

# make V=1 shows whole commands
Q = $(if $(V),,@)
SAY = @$(if $(V),:,echo '  ')

ROOMS := engine/base engine/audio engine/dsp engine/meter engine/mix engine/mix/hear engine/mix/decide recipes jobs cmd
SOURCES := $(filter-out cmd/main.c,$(wildcard $(ROOMS:%=%/*.c)))
OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o)
LIBRARY := $(BUILD)/libtopdown.a
UNIT := $(wildcard tests/unit/*/*/test_*.c tests/unit/*/test_*.c)
UNIT_BIN := $(UNIT:tests/unit/%.c=$(BUILD)/tests/%)
FIGURES := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/figures/*.c))

.PHONY: all deps demo check unit golden service bench figures lint asan tsan install clean
all: $(BUILD)/topdown

# what vectorises along time gains from -O3
$(BUILD)/obj/engine/dsp/%.o $(BUILD)/obj/engine/meter/%.o: TD_OPT = -O3
$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(TD_CFLAGS) $(CFLAGS) $(TD_OPT) -MMD -MP -c $< -o $@

$(LIBRARY): $(OBJECTS)
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
	@$(MAKE) --no-print-directory all
	demo/run.sh

unit: $(UNIT_BIN)
	@tests/unit/run.sh $(UNIT_BIN)

# the program against real peers: nginx, curl, another's webhook library, kill -9
service: $(BUILD)/topdown
	@TOPDOWN=$(BUILD)/topdown SERVICE_TOOLS=$(abspath $(BUILD))/service-tools tests/service/run.sh

$(BUILD)/figures: $(FIGURES) $(LIBRARY)
	$(SAY) LINK $@
	$(Q)$(CC) $(TD_LDFLAGS) $^ $(TD_LIBS) -o $@

# every acceptance line of every processor, measured; a missed one fails
figures: $(BUILD)/figures
	@$(BUILD)/figures $(BUILD)/figures.json

clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(FIGURES:.o=.d) $(UNIT_BIN:=.d) $(BUILD)/obj/cmd/main.d
