# tests of src/core
check_PROGRAMS += tests/core/test-account tests/core/test-address tests/core/test-bus
TESTS += tests/core/test-account tests/core/test-address tests/core/test-bus
tests_core_test_account_LDADD = $(CORE_LIBS)
tests_core_test_address_LDADD = $(CORE_LIBS)
tests_core_test_bus_LDADD = $(MSG_LIBS)
