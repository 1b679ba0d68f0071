# floor 1: base
noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = \
  src/conf/conf.c src/conf/conf.h \
  src/conf/keymap.c src/conf/keys.c src/conf/keys.h
CONF_LIBS = libconf.a $(BASE_LIBS)
