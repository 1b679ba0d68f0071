# floor 4: store, msg, mime, proto, conf, net, base
noinst_LIBRARIES += libbackend.a
libbackend_a_SOURCES =
BACKEND_LIBS = libbackend.a
