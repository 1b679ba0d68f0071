# tests of src/net
net_tests = tests/net/test-conn tests/net/test-connect tests/net/test-deflate tests/net/test-tls
check_PROGRAMS += $(net_tests)
TESTS += $(net_tests)
net_test_flags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests $(OPENSSL_CFLAGS) $(ZLIB_CFLAGS)
net_test_peer = tests/net/peer.c tests/net/peer.h
tests_net_test_conn_SOURCES = tests/net/test-conn.c $(net_test_peer)
tests_net_test_conn_CPPFLAGS = $(net_test_flags)
tests_net_test_conn_LDADD = $(NET_LIBS)
tests_net_test_tls_SOURCES = tests/net/test-tls.c $(net_test_peer)
tests_net_test_tls_CPPFLAGS = $(net_test_flags)
tests_net_test_tls_LDADD = $(NET_LIBS)
tests_net_test_connect_SOURCES = tests/net/test-connect.c $(net_test_peer)
tests_net_test_connect_CPPFLAGS = $(net_test_flags)
tests_net_test_connect_LDADD = $(NET_LIBS)
tests_net_test_deflate_SOURCES = tests/net/test-deflate.c $(net_test_peer)
tests_net_test_deflate_CPPFLAGS = $(net_test_flags)
tests_net_test_deflate_LDADD = $(NET_LIBS)
