# tests of src/base
BASE_TESTS = tests/base/test-error tests/base/test-files tests/base/test-keyword tests/base/test-lazy \
  tests/base/test-log tests/base/test-loop tests/base/test-text tests/base/test-uidset
check_PROGRAMS += $(BASE_TESTS)
TESTS += $(BASE_TESTS)
tests_base_test_error_LDADD = $(BASE_LIBS)
tests_base_test_files_LDADD = $(BASE_LIBS)
tests_base_test_keyword_LDADD = $(BASE_LIBS)
tests_base_test_lazy_LDADD = $(BASE_LIBS)
tests_base_test_log_LDADD = $(BASE_LIBS)
tests_base_test_loop_LDADD = $(BASE_LIBS)
tests_base_test_text_LDADD = $(BASE_LIBS)
tests_base_test_uidset_LDADD = $(BASE_LIBS)

TESTS += tests/fuzz/text.sh
check_PROGRAMS += tests/fuzz/fuzz-text
dist_check_SCRIPTS += tests/fuzz/text.sh
tests_fuzz_fuzz_text_SOURCES = tests/fuzz/fuzz-text.c
if !FUZZING
tests_fuzz_fuzz_text_SOURCES += tests/fuzz/replay.c
endif
tests_fuzz_fuzz_text_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_text_LDADD = $(BASE_LIBS)
EXTRA_DIST += tests/fuzz/text.dict tests/fuzz/text/hostile tests/fuzz/text/mixed tests/fuzz/text/scripts

# The floors themselves, of all folders.
dist_check_SCRIPTS += tests/check-includes
