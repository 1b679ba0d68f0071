# floor 1: query, base
noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = \
  src/conf/check.c \
  src/conf/conf.c src/conf/conf.h \
  src/conf/conf-private.h \
  src/conf/describe.c \
  src/conf/keymap.c src/conf/keys.c src/conf/keys.h \
  src/conf/load.c \
  src/conf/options.c \
  src/conf/parse.c \
  src/conf/rules.c \
  src/conf/values.c
CONF_LIBS = libconf.a libquery.a $(BASE_LIBS)
