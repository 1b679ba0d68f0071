# tests of src/core
core_tests = tests/core/test-account tests/core/test-address tests/core/test-bus tests/core/test-change \
  tests/core/test-download \
  tests/core/test-journal tests/core/test-lanes tests/core/test-local tests/core/test-rules tests/core/test-transfer
check_PROGRAMS += $(core_tests)
TESTS += $(core_tests)
tests_core_test_account_SOURCES = tests/core/test-account.c $(core_bed)
tests_core_test_account_LDADD = $(CORE_LIBS)
tests_core_test_address_LDADD = $(CORE_LIBS)
tests_core_test_bus_LDADD = $(MSG_LIBS)
core_bed = tests/core/bed.c tests/core/bed.h tests/core/memory.c tests/core/memory.h \
  tests/core/memory-private.h tests/core/memory-backend.c tests/core/memory-box.c \
  tests/core/memory-change.c tests/core/memory-read.c \
  tests/core/model.c tests/core/model.h tests/core/script.c tests/core/script.h
tests_core_test_change_SOURCES = tests/core/test-change.c $(core_bed)
tests_core_test_change_LDADD = $(CORE_LIBS)
tests_core_test_download_SOURCES = tests/core/test-download.c $(core_bed)
tests_core_test_download_LDADD = $(CORE_LIBS)
tests_core_test_journal_SOURCES = tests/core/test-journal.c $(core_bed)
tests_core_test_journal_LDADD = $(CORE_LIBS)
tests_core_test_lanes_SOURCES = tests/core/test-lanes.c $(core_bed)
tests_core_test_lanes_LDADD = $(CORE_LIBS)
tests_core_test_local_SOURCES = tests/core/test-local.c tests/core/maildrop.c tests/core/maildrop.h $(core_bed)
tests_core_test_local_LDADD = $(CORE_LIBS)
tests_core_test_rules_SOURCES = tests/core/test-rules.c tests/core/maildrop.c tests/core/maildrop.h $(core_bed)
tests_core_test_rules_LDADD = $(CORE_LIBS)
tests_core_test_transfer_SOURCES = tests/core/test-transfer.c $(core_bed)
tests_core_test_transfer_LDADD = $(CORE_LIBS)
