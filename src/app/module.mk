# floor 6: everything
bin_PROGRAMS += fulmar
fulmar_SOURCES = \
  src/app/app.c src/app/app.h \
  src/app/cli.c src/app/cli.h \
  src/app/commands.c \
  src/app/config.c \
  src/app/main.c \
  src/app/report.c src/app/report.h
fulmar_LDADD = libui.a libmodel.a $(CORE_LIBS) $(NCURSES_LIBS)
