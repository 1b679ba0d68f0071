# tests of src/store, and its benchmark (make tests/bench/bench-store; not part of the checks)
check_PROGRAMS += tests/bench/bench-store
tests_bench_bench_store_SOURCES = tests/bench/bench-store.c
tests_bench_bench_store_LDADD = $(STORE_LIBS)
