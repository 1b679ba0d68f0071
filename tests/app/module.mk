# tests of src/app: what needs no whole program (the rest is in tests/e2e)
check_PROGRAMS += tests/app/test-id-reader tests/fuzz/fuzz-ids
TESTS += tests/app/test-id-reader tests/fuzz/ids.sh
tests_app_test_id_reader_LDADD = libapp.a $(BASE_LIBS)

tests_fuzz_fuzz_ids_SOURCES = tests/fuzz/fuzz-ids.c
if !FUZZING
tests_fuzz_fuzz_ids_SOURCES += tests/fuzz/replay.c
endif
tests_fuzz_fuzz_ids_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_ids_LDADD = libapp.a $(BASE_LIBS)
dist_check_SCRIPTS += tests/fuzz/ids.sh
EXTRA_DIST += tests/fuzz/ids.dict tests/fuzz/ids/list tests/fuzz/ids/row tests/fuzz/ids/words
