# tests of src/proto, and a benchmark (make tests/bench/bench-imap-parse; not part of the checks)
IMAP_TESTS = tests/proto/test-imap-decode tests/proto/test-imap-extensions tests/proto/test-imap-parse tests/proto/test-imap-utf7 tests/proto/test-imap-write
check_PROGRAMS += $(IMAP_TESTS) tests/fuzz/fuzz-imap tests/bench/bench-imap-parse
TESTS += $(IMAP_TESTS) tests/fuzz/imap.sh
tests_proto_test_imap_decode_LDADD = $(PROTO_LIBS)
tests_proto_test_imap_extensions_LDADD = $(PROTO_LIBS)
tests_proto_test_imap_parse_LDADD = $(PROTO_LIBS)
tests_proto_test_imap_utf7_LDADD = $(PROTO_LIBS)
tests_proto_test_imap_write_LDADD = $(PROTO_LIBS)
tests_bench_bench_imap_parse_LDADD = $(PROTO_LIBS)

tests_fuzz_fuzz_imap_SOURCES = tests/fuzz/fuzz-imap.c
if !FUZZING
tests_fuzz_fuzz_imap_SOURCES += tests/fuzz/replay.c
endif
tests_fuzz_fuzz_imap_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_imap_LDADD = $(PROTO_LIBS)
dist_check_SCRIPTS += tests/fuzz/imap.sh
EXTRA_DIST += tests/fuzz/imap.dict tests/fuzz/imap/binary tests/fuzz/imap/extensions tests/fuzz/imap/fetch tests/fuzz/imap/list tests/fuzz/imap/literals tests/fuzz/imap/odd \
  tests/fuzz/imap/search tests/fuzz/imap/select

check_PROGRAMS += tests/proto/test-sasl
TESTS += tests/proto/test-sasl
tests_proto_test_sasl_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
tests_proto_test_sasl_LDADD = $(PROTO_LIBS) $(OPENSSL_LIBS)

check_PROGRAMS += tests/fuzz/fuzz-sasl
TESTS += tests/fuzz/sasl.sh
tests_fuzz_fuzz_sasl_SOURCES = tests/fuzz/fuzz-sasl.c
if !FUZZING
tests_fuzz_fuzz_sasl_SOURCES += tests/fuzz/replay.c
endif
tests_fuzz_fuzz_sasl_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_sasl_LDADD = $(PROTO_LIBS)
dist_check_SCRIPTS += tests/fuzz/sasl.sh
EXTRA_DIST += tests/fuzz/sasl.dict tests/fuzz/sasl/login tests/fuzz/sasl/oauthbearer tests/fuzz/sasl/scram-sha-1 \
  tests/fuzz/sasl/scram-sha-256

check_PROGRAMS += tests/proto/test-pop3 tests/fuzz/fuzz-pop3
TESTS += tests/proto/test-pop3 tests/fuzz/pop3.sh
tests_proto_test_pop3_LDADD = $(PROTO_LIBS)
tests_fuzz_fuzz_pop3_SOURCES = tests/fuzz/fuzz-pop3.c
if !FUZZING
tests_fuzz_fuzz_pop3_SOURCES += tests/fuzz/replay.c
endif
tests_fuzz_fuzz_pop3_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_pop3_LDADD = $(PROTO_LIBS)
dist_check_SCRIPTS += tests/fuzz/pop3.sh
EXTRA_DIST += tests/fuzz/pop3.dict tests/fuzz/pop3/listings tests/fuzz/pop3/messages tests/fuzz/pop3/sasl
