# Documentation. The manual pages list commands, keys and options from the program's own tables (doc/gen-man.c); they are in the
# archive, so that building from it, also for another machine, does not make them anew. The last prerequisite is order-only: it has
# to be there, but being newer is no reason.
noinst_PROGRAMS += doc/gen-man
doc_gen_man_SOURCES = doc/gen-man.c
doc_gen_man_LDADD = $(APP_LIBS)

man_tables = doc/gen-man.c configure.ac src/app/commands.c src/conf/keys.c src/conf/options.c src/conf/describe.c
dist_man_MANS += doc/fulmar.1 doc/fulmar.conf.5
doc/fulmar.1: doc/fulmar.1.in $(man_tables) | doc/gen-man$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc && doc/gen-man$(EXEEXT) $(srcdir)/doc/fulmar.1.in >$@.tmp && mv $@.tmp $@
doc/fulmar.conf.5: doc/fulmar.conf.5.in $(man_tables) | doc/gen-man$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc && doc/gen-man$(EXEEXT) $(srcdir)/doc/fulmar.conf.5.in >$@.tmp && mv $@.tmp $@
MAINTAINERCLEANFILES = doc/fulmar.1 doc/fulmar.conf.5

dist_doc_DATA += README doc/HACKING doc/tutorial doc/performance
EXTRA_DIST += doc/fulmar.1.in doc/fulmar.conf.5.in
dist_check_SCRIPTS += tests/e2e/test-docs.py tests/e2e/test-po.py
TESTS += tests/e2e/test-docs.py tests/e2e/test-po.py
