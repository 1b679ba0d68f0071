# floor 6: everything
noinst_LIBRARIES += libapp.a
libapp_a_SOURCES = \
  src/app/admin.c \
  src/app/app.c src/app/app.h \
  src/app/change.c src/app/change.h \
  src/app/changes.c src/app/changes.h \
  src/app/check.c \
  src/app/cli.c src/app/cli.h \
  src/app/commands.c \
  src/app/config.c \
  src/app/demo.c \
  src/app/demo-inbox.c \
  src/app/demo-lists.c \
  src/app/demo-mail.h \
  src/app/demo-other.c \
  src/app/demo-threads.c \
  src/app/doctor.c \
  src/app/document.c src/app/document.h \
  src/app/draft.c \
  src/app/export.c \
  src/app/fetch.c src/app/fetch.h \
  src/app/filter.c src/app/filter.h \
  src/app/flags.c \
  src/app/folder.c \
  src/app/folders.c \
  src/app/id-reader.c src/app/id-reader.h \
  src/app/ids.c src/app/ids.h \
  src/app/list.c \
  src/app/import.c src/app/import-plan.c src/app/import-plan.h \
  src/app/known.c src/app/known.h \
  src/app/move.c \
  src/app/prompt.c src/app/prompt.h \
  src/app/queue.c \
  src/app/ready.c src/app/ready.h \
  src/app/rules.c \
  src/app/report.c src/app/report.h \
  src/app/rows.c src/app/rows.h \
  src/app/screen.c src/app/screen.h \
  src/app/session.c src/app/session.h \
  src/app/settle.c src/app/settle.h \
  src/app/show.c \
  src/app/sink.c src/app/sink.h \
  src/app/source.c src/app/source.h src/app/source-private.h src/app/source-file.c \
  src/app/source-folder.c src/app/source-message.c \
  src/app/sync.c \
  src/app/undo.c
APP_LIBS = libapp.a libui.a libmodel.a $(CORE_LIBS) $(NCURSES_LIBS)

bin_PROGRAMS += fulmar
fulmar_SOURCES = src/app/main.c
fulmar_LDADD = $(APP_LIBS)
