# tests of src/query
QUERY_TESTS = tests/query/test-query
check_PROGRAMS += $(QUERY_TESTS) tests/fuzz/fuzz-query
TESTS += $(QUERY_TESTS) tests/fuzz/query.sh
tests_query_test_query_LDADD = $(QUERY_LIBS)

tests_fuzz_fuzz_query_SOURCES = tests/fuzz/fuzz-query.c
if !FUZZING
tests_fuzz_fuzz_query_SOURCES += tests/fuzz/replay.c
endif
tests_fuzz_fuzz_query_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_query_LDADD = $(QUERY_LIBS)
dist_check_SCRIPTS += tests/fuzz/query.sh
EXTRA_DIST += tests/fuzz/query.dict tests/fuzz/query/groups tests/fuzz/query/letters tests/fuzz/query/prefixes
