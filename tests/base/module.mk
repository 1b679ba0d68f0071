# tests of src/base
BASE_TESTS = tests/base/test-error tests/base/test-files tests/base/test-lazy tests/base/test-log tests/base/test-uidset
check_PROGRAMS += $(BASE_TESTS)
TESTS += $(BASE_TESTS)
tests_base_test_error_LDADD = $(BASE_LIBS)
tests_base_test_files_LDADD = $(BASE_LIBS)
tests_base_test_lazy_LDADD = $(BASE_LIBS)
tests_base_test_log_LDADD = $(BASE_LIBS)
tests_base_test_uidset_LDADD = $(BASE_LIBS)

# The floors themselves, of all folders.
TESTS += tests/check-includes
dist_check_SCRIPTS += tests/check-includes
