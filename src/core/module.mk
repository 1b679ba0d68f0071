# floor 5: backend, store, msg, mime, conf, net, base
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES =
CORE_LIBS = libcore.a libbackend.a libmsg.a libstore.a libproto.a libnet.a libmime.a libconf.a $(BASE_LIBS) \
  $(SQLITE_LIBS) $(OPENSSL_LIBS) $(ZLIB_LIBS) $(IDN2_LIBS)
