# tests of src/conf
CONF_TESTS = tests/conf/test-load tests/conf/test-options tests/conf/test-parse
check_PROGRAMS += $(CONF_TESTS) tests/fuzz/fuzz-conf
TESTS += $(CONF_TESTS) tests/fuzz/conf.sh
tests_conf_test_load_LDADD = $(CONF_LIBS)
tests_conf_test_options_LDADD = $(CONF_LIBS)
tests_conf_test_parse_LDADD = $(CONF_LIBS)

tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz-conf.c
if !FUZZING
tests_fuzz_fuzz_conf_SOURCES += tests/fuzz/replay.c
endif
tests_fuzz_fuzz_conf_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_conf_LDADD = $(CONF_LIBS)
dist_check_SCRIPTS += tests/fuzz/conf.sh
EXTRA_DIST += tests/fuzz/conf.dict tests/fuzz/conf/account tests/fuzz/conf/crlf tests/fuzz/conf/rules tests/fuzz/conf/screens \
  tests/fuzz/conf/wrong
