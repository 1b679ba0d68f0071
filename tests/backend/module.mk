# tests of src/backend
check_PROGRAMS += tests/backend/test-acts tests/backend/test-contract tests/backend/test-maildir tests/backend/drive
check_PROGRAMS += tests/backend/test-pop3 tests/backend/test-pop3-local
check_PROGRAMS += tests/backend/test-maildir-acts tests/backend/test-maildir-folders tests/backend/test-maildir-kill \
  tests/backend/test-maildir-names tests/backend/test-maildir-others
POP3_RIG = tests/backend/rig-pop3.c tests/backend/pop-server.c tests/backend/pop-server.h
tests_backend_test_acts_SOURCES = tests/backend/test-acts.c tests/backend/rig.c tests/backend/rig.h \
  tests/backend/rig-imap.c tests/backend/rig-maildir.c $(POP3_RIG)
tests_backend_test_acts_LDADD = $(CORE_LIBS)
tests_backend_test_contract_SOURCES = tests/backend/test-contract.c tests/backend/rig.c tests/backend/rig.h \
  tests/backend/rig-imap.c tests/backend/rig-maildir.c $(POP3_RIG)
tests_backend_test_contract_LDADD = $(CORE_LIBS)
tests_backend_test_pop3_LDADD = $(CORE_LIBS)
tests_backend_test_maildir_SOURCES = tests/backend/test-maildir.c tests/backend/rig.c tests/backend/rig.h \
  tests/backend/rig-maildir.c
tests_backend_test_maildir_LDADD = $(CORE_LIBS)
MAILDIR_RIG = tests/backend/rig.c tests/backend/rig.h tests/backend/rig-disk.c tests/backend/rig-disk.h \
  tests/backend/rig-maildir.c
tests_backend_test_maildir_acts_SOURCES = tests/backend/test-maildir-acts.c $(MAILDIR_RIG)
tests_backend_test_maildir_acts_LDADD = $(CORE_LIBS)
tests_backend_test_maildir_folders_SOURCES = tests/backend/test-maildir-folders.c $(MAILDIR_RIG)
tests_backend_test_maildir_folders_LDADD = $(CORE_LIBS)
tests_backend_test_maildir_kill_SOURCES = tests/backend/test-maildir-kill.c $(MAILDIR_RIG)
tests_backend_test_maildir_kill_LDADD = $(CORE_LIBS)
tests_backend_test_maildir_others_SOURCES = tests/backend/test-maildir-others.c $(MAILDIR_RIG)
tests_backend_test_maildir_others_LDADD = $(CORE_LIBS)
tests_backend_test_maildir_names_SOURCES = tests/backend/test-maildir-names.c
tests_backend_test_maildir_names_LDADD = $(CORE_LIBS)
tests_backend_test_pop3_local_SOURCES = tests/backend/test-pop3-local.c tests/backend/rig.c tests/backend/rig.h \
  $(POP3_RIG)
tests_backend_test_pop3_local_LDADD = $(CORE_LIBS)
tests_backend_drive_SOURCES = tests/backend/drive.c tests/backend/drive.h tests/backend/drive-acts.c
tests_backend_drive_LDADD = $(CORE_LIBS)
TESTS += tests/backend/test-acts tests/backend/test-contract tests/backend/test-maildir
TESTS += tests/backend/test-pop3 tests/backend/test-pop3-local
TESTS += tests/backend/test-maildir-acts tests/backend/test-maildir-folders tests/backend/test-maildir-kill \
  tests/backend/test-maildir-names tests/backend/test-maildir-others
