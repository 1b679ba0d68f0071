# floor 5: model, store, msg, mime, conf, query, base
noinst_LIBRARIES += libui.a
libui_a_SOURCES = \
  src/ui/actions.c \
  src/ui/activity.c src/ui/activity.h \
  src/ui/activity-lines.c \
  src/ui/picture.c src/ui/picture.h \
  src/ui/edit.c src/ui/edit.h \
  src/ui/events.c \
  src/ui/change.c \
  src/ui/folder-keys.c src/ui/folders-view.c \
  src/ui/help.c \
  src/ui/journey.c \
  src/ui/launch.c \
  src/ui/layout-job.c \
  src/ui/list-keys.c src/ui/list-view.c \
  src/ui/mail-keys.c \
  src/ui/open.c \
  src/ui/palette.c \
  src/ui/parts.c \
  src/ui/picker.c \
  src/ui/prompt.c \
  src/ui/quota.c \
  src/ui/removal.c \
  src/ui/reader.c src/ui/reader-keys.c src/ui/reader-private.h \
  src/ui/rows.c src/ui/rows.h \
  src/ui/rules.c \
  src/ui/run.c \
  src/ui/select.c \
  src/ui/sharing-keys.c \
  src/ui/sharing.c src/ui/sharing-private.h \
  src/ui/state.c \
  src/ui/status.c \
  src/ui/sweep.c \
  src/ui/target.c \
  src/ui/term.c src/ui/term.h \
  src/ui/theme.c src/ui/theme.h \
  src/ui/undo.c \
  src/ui/ui.c src/ui/ui.h src/ui/ui-private.h
libui_a_CPPFLAGS = $(AM_CPPFLAGS) $(NCURSES_CFLAGS)
UI_LIBS = libui.a $(MODEL_LIBS) $(NCURSES_LIBS)
