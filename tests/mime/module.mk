# tests of src/mime, and a benchmark (make tests/bench/bench-envelope; not part of the checks)
MIME_TESTS = tests/mime/test-address tests/mime/test-date tests/mime/test-decode tests/mime/test-envelope tests/mime/test-params \
  tests/mime/test-part tests/mime/test-words
check_PROGRAMS += $(MIME_TESTS) tests/fuzz/fuzz-headers tests/fuzz/fuzz-part tests/bench/bench-envelope
TESTS += $(MIME_TESTS) tests/fuzz/headers.sh tests/fuzz/part.sh
tests_mime_test_address_LDADD = $(MIME_LIBS)
tests_mime_test_date_LDADD = $(MIME_LIBS)
tests_mime_test_decode_LDADD = $(MIME_LIBS)
tests_mime_test_envelope_LDADD = $(MIME_LIBS)
tests_mime_test_params_LDADD = $(MIME_LIBS)
tests_mime_test_part_LDADD = $(MIME_LIBS)
tests_mime_test_words_LDADD = $(MIME_LIBS)
tests_bench_bench_envelope_LDADD = $(MIME_LIBS)

tests_fuzz_fuzz_headers_SOURCES = tests/fuzz/fuzz-headers.c
tests_fuzz_fuzz_part_SOURCES = tests/fuzz/fuzz-part.c
if !FUZZING
tests_fuzz_fuzz_headers_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_part_SOURCES += tests/fuzz/replay.c
endif
tests_fuzz_fuzz_headers_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_part_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_headers_LDADD = $(MIME_LIBS)
tests_fuzz_fuzz_part_LDADD = $(MIME_LIBS)
dist_check_SCRIPTS += tests/fuzz/headers.sh tests/fuzz/part.sh
EXTRA_DIST += tests/fuzz/headers.dict tests/fuzz/headers/addresses tests/fuzz/headers/block tests/fuzz/headers/date \
  tests/fuzz/headers/japanese tests/fuzz/headers/params \
  tests/fuzz/part.dict tests/fuzz/part/mixed tests/fuzz/part/related tests/fuzz/part/report tests/fuzz/part/stored
