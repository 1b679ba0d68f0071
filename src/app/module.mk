# floor 6: everything
bin_PROGRAMS += fulmar
fulmar_SOURCES = src/app/main.c
fulmar_LDADD = libui.a libmodel.a $(CORE_LIBS) $(NCURSES_LIBS)
