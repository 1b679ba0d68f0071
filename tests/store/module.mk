# tests of src/store, and its benchmark (make tests/bench/bench-store; not part of the checks)
STORE_TEST_UTIL = tests/store/store-util.c tests/store/store-util.h
STORE_TEST_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
STORE_TESTS =  \
  tests/store/test-rows \
  tests/store/test-threads

check_PROGRAMS += tests/bench/bench-store $(STORE_TESTS)
TESTS += $(STORE_TESTS)

tests_bench_bench_store_SOURCES = tests/bench/bench-store.c
tests_bench_bench_store_LDADD = $(STORE_LIBS)
tests_store_test_rows_SOURCES = tests/store/test-rows.c $(STORE_TEST_UTIL)
tests_store_test_rows_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_rows_LDADD = $(STORE_LIBS)
tests_store_test_threads_SOURCES = tests/store/test-threads.c $(STORE_TEST_UTIL)
tests_store_test_threads_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_threads_LDADD = $(STORE_LIBS)
