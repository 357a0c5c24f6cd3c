# make demo    set up, build, and scan the sample buckets: the main job
# make test    set up, and run every test
# make lint    check the sources' format
# make bench   set up, and measure against yardsticks in the same run
# make install PREFIX=/usr/local

SHELL := /bin/bash
PREFIX ?= /usr/local
BUILD := .build/release
# What `scrubber --version` tells.
export SCRUBBER_COMMIT := $(shell git describe --always --dirty --abbrev=12 --exclude '*' 2> /dev/null || echo unknown)

.PHONY: all setup demo test lint format bench install clean

all: setup
	swift build -c release --product scrubber

# Debian packages that are missing are installed; where nothing is missing, nothing is asked of the network.
setup:
	@tools/setup

demo: all
	@samples/make-damaged
	@printf '\n$$ scrubber scan-metadata --bucket samples/bucket --node-kind pageserver\n'
	@$(BUILD)/scrubber scan-metadata --bucket samples/bucket --node-kind pageserver
	@printf '\n$$ scrubber scan-metadata --bucket samples/damaged --node-kind pageserver\n'
	@$(BUILD)/scrubber scan-metadata --bucket samples/damaged --node-kind pageserver; status=$$?; \
	  printf '\nexit code %s: damage found, as it should be\n' $$status; test $$status -eq 2

test:
	@tools/setup tests
	samples/make-damaged
	swift build
	tools/test

lint:
	swift format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks

format:
	swift format --in-place --parallel --recursive Package.swift Sources Tests Benchmarks

bench: setup
	swift build -c release
	tools/bench

install: all
	install -D -m 755 $(BUILD)/scrubber $(DESTDIR)$(PREFIX)/bin/scrubber
	install -D -m 644 docs/man/scrubber.1 $(DESTDIR)$(PREFIX)/share/man/man1/scrubber.1

clean:
	rm -rf .build samples/damaged
