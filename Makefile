# SPDX-License-Identifier: Apache-2.0
# What people type. Meson builds; the scripts in tools/ and test/ do the rest.
.PHONY: help build run test check check-long bench pictures fuzz format deps demo-reset clean

help:
	@echo 'make run         build, make the demonstration register once, serve it on loopback (PORT=8080)'
	@echo 'make build       build/tamga'
	@echo 'make test        all tests; ends with "N passed, N failed"'
	@echo 'make check       both compilers with -Werror, layers, tests under ASan and UBSan'
	@echo 'make check-long  ThreadSanitizer, ten times the random rounds, fuzzing for minutes'
	@echo 'make bench       measures; prints the numbers and the machine'
	@echo 'make pictures    pictures of all pages into build/pictures, those of the documents into doc/pictures'
	@echo 'make fuzz        every fuzz target for FUZZ_SECONDS (30)'
	@echo 'make format      clang-format over src, test, bench and examples'
	@echo 'make deps        installs the Debian packages of packages.txt and packages-test.txt'
	@echo 'make demo-reset  the next `make run` begins with new demonstration data'
	@echo 'make clean       removes the build directories'

build:
	@tools/deps.sh packages.txt
	@tools/build.sh build

run: build
	@exec tools/run.sh

test:
	@tools/deps.sh packages.txt packages-test.txt
	@test/run.sh

check:
	@tools/deps.sh packages.txt packages-test.txt
	@test/check.sh

check-long:
	@tools/deps.sh packages.txt packages-test.txt
	@test/check-long.sh

bench: build
	@tools/deps.sh packages-test.txt packages-bench.txt
	@bench/run.sh

pictures: build
	@tools/deps.sh packages-test.txt
	@node tools/pictures.mjs

fuzz:
	@tools/deps.sh packages.txt packages-test.txt
	@test/fuzz/run.sh

format:
	@find src test bench examples 2>/dev/null -name '*.[ch]' | xargs clang-format -i

deps:
	@tools/deps.sh packages.txt packages-test.txt

demo-reset:
	@tools/run.sh reset

clean:
	rm -rf build build-* web/out web/node_modules
