# tests of src/ui: all of it but the terminal is driven by keys and read as text
UI_TESTS = tests/ui/test-changes tests/ui/test-keys tests/ui/test-picture tests/ui/test-screen
check_PROGRAMS += $(UI_TESTS)
TESTS += $(UI_TESTS)
ui_rig = tests/ui/rig.c tests/ui/rig.h tests/model/sample.c tests/model/sample.h
tests_ui_test_changes_SOURCES = tests/ui/test-changes.c $(ui_rig)
tests_ui_test_changes_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/model -I$(top_srcdir)/tests/ui
tests_ui_test_changes_LDADD = $(UI_LIBS)
tests_ui_test_keys_LDADD = $(CONF_LIBS)
tests_ui_test_picture_SOURCES = tests/ui/test-picture.c
tests_ui_test_picture_LDADD = $(UI_LIBS)
tests_ui_test_screen_SOURCES = tests/ui/test-screen.c $(ui_rig)
tests_ui_test_screen_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/model -I$(top_srcdir)/tests/ui
tests_ui_test_screen_LDADD = $(UI_LIBS)
