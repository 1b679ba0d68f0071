# tests of src/store, and its benchmark (make tests/bench/bench-store; not part of the checks)
STORE_TEST_UTIL = tests/store/store-util.c tests/store/store-util.h
VERBS_UTIL = tests/store/verbs-util.c tests/store/verbs-util.h $(STORE_TEST_UTIL)
STORE_TEST_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
STORE_TESTS =  \
  tests/store/test-appends \
  tests/store/test-bodies \
  tests/store/test-bulk \
  tests/store/test-check \
  tests/store/test-damage \
  tests/store/test-journal \
  tests/store/test-kill \
  tests/store/test-known \
  tests/store/test-limbo tests/store/test-maildrop tests/store/test-serve \
  tests/store/test-match \
  tests/store/test-meet \
  tests/store/test-migrate \
  tests/store/test-order \
  tests/store/test-replace \
  tests/store/test-replay \
  tests/store/test-rows \
  tests/store/test-store \
  tests/store/test-threads \
  tests/store/test-undo \
  tests/store/test-verbs \
  tests/store/test-verbs-folders \
  tests/store/test-verbs-move \
  tests/store/test-wanted

check_PROGRAMS += tests/bench/bench-store $(STORE_TESTS)
TESTS += $(STORE_TESTS)

tests_bench_bench_store_SOURCES = tests/bench/bench-store.c
tests_bench_bench_store_LDADD = $(STORE_LIBS)
tests_store_test_appends_SOURCES = tests/store/test-appends.c $(STORE_TEST_UTIL)
tests_store_test_appends_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_appends_LDADD = $(STORE_LIBS)
tests_store_test_bodies_SOURCES = tests/store/test-bodies.c $(STORE_TEST_UTIL)
tests_store_test_bodies_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_bodies_LDADD = $(STORE_LIBS)
tests_store_test_bulk_SOURCES = tests/store/test-bulk.c $(STORE_TEST_UTIL)
tests_store_test_bulk_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_bulk_LDADD = $(STORE_LIBS)
tests_store_test_check_SOURCES = tests/store/test-check.c $(STORE_TEST_UTIL)
tests_store_test_check_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_check_LDADD = $(STORE_LIBS) $(SQLITE_LIBS)
tests_store_test_damage_SOURCES = tests/store/test-damage.c $(STORE_TEST_UTIL)
tests_store_test_damage_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_damage_LDADD = $(STORE_LIBS) $(SQLITE_LIBS)
tests_store_test_journal_SOURCES = tests/store/test-journal.c $(STORE_TEST_UTIL)
tests_store_test_journal_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_journal_LDADD = $(STORE_LIBS)
tests_store_test_kill_SOURCES = tests/store/test-kill.c $(STORE_TEST_UTIL)
tests_store_test_kill_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_kill_LDADD = $(STORE_LIBS)
tests_store_test_known_SOURCES = tests/store/test-known.c $(STORE_TEST_UTIL)
tests_store_test_known_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_known_LDADD = $(STORE_LIBS)
tests_store_test_maildrop_SOURCES = tests/store/test-maildrop.c $(STORE_TEST_UTIL)
tests_store_test_maildrop_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_maildrop_LDADD = $(STORE_LIBS)
tests_store_test_serve_SOURCES = tests/store/test-serve.c $(STORE_TEST_UTIL)
tests_store_test_serve_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_serve_LDADD = $(STORE_LIBS)
tests_store_test_limbo_SOURCES = tests/store/test-limbo.c $(STORE_TEST_UTIL)
tests_store_test_limbo_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_limbo_LDADD = $(STORE_LIBS)
tests_store_test_order_SOURCES = tests/store/test-order.c $(STORE_TEST_UTIL)
tests_store_test_order_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_order_LDADD = $(STORE_LIBS)
tests_store_test_replace_SOURCES = tests/store/test-replace.c $(VERBS_UTIL)
tests_store_test_replace_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_replace_LDADD = $(STORE_LIBS)
tests_store_test_replay_SOURCES = tests/store/test-replay.c tests/store/fake-server.c \
  tests/store/fake-server.h $(STORE_TEST_UTIL)
tests_store_test_replay_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_replay_LDADD = $(STORE_LIBS)
tests_store_test_rows_SOURCES = tests/store/test-rows.c $(STORE_TEST_UTIL)
tests_store_test_rows_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_rows_LDADD = $(STORE_LIBS)
tests_store_test_store_SOURCES = tests/store/test-store.c $(STORE_TEST_UTIL)
tests_store_test_store_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_store_LDADD = $(STORE_LIBS)
tests_store_test_threads_SOURCES = tests/store/test-threads.c $(STORE_TEST_UTIL)
tests_store_test_threads_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_threads_LDADD = $(STORE_LIBS)
tests_store_test_match_SOURCES = tests/store/test-match.c $(STORE_TEST_UTIL)
tests_store_test_match_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_match_LDADD = $(STORE_LIBS)
tests_store_test_meet_SOURCES = tests/store/test-meet.c $(STORE_TEST_UTIL)
tests_store_test_meet_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_meet_LDADD = $(STORE_LIBS)
tests_store_test_migrate_SOURCES = tests/store/test-migrate.c $(STORE_TEST_UTIL)
tests_store_test_migrate_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_migrate_LDADD = $(STORE_LIBS)
tests_store_test_undo_SOURCES = tests/store/test-undo.c $(STORE_TEST_UTIL)
tests_store_test_undo_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_undo_LDADD = $(STORE_LIBS)
tests_store_test_verbs_SOURCES = tests/store/test-verbs.c $(VERBS_UTIL)
tests_store_test_verbs_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_verbs_LDADD = $(STORE_LIBS)
tests_store_test_verbs_folders_SOURCES = tests/store/test-verbs-folders.c $(VERBS_UTIL)
tests_store_test_verbs_folders_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_verbs_folders_LDADD = $(STORE_LIBS)
tests_store_test_verbs_move_SOURCES = tests/store/test-verbs-move.c $(VERBS_UTIL)
tests_store_test_verbs_move_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_verbs_move_LDADD = $(STORE_LIBS)
tests_store_test_wanted_SOURCES = tests/store/test-wanted.c $(STORE_TEST_UTIL)
tests_store_test_wanted_CPPFLAGS = $(STORE_TEST_CPPFLAGS)
tests_store_test_wanted_LDADD = $(STORE_LIBS)
EXTRA_DIST += tests/store/v1.sql
