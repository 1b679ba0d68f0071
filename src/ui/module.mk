# floor 5: model, store, msg, mime, conf, base
noinst_LIBRARIES += libui.a
libui_a_SOURCES = src/ui/ui.h
libui_a_CPPFLAGS = $(AM_CPPFLAGS) $(NCURSES_CFLAGS)
