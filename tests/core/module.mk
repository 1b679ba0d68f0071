# tests of src/core
check_PROGRAMS += tests/core/test-bus
TESTS += tests/core/test-bus
tests_core_test_bus_LDADD = $(MSG_LIBS)
