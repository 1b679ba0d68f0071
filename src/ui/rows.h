/* A cursor over lines that are all at hand: what help, Activity and the list of parts have in common. */
#ifndef FULMAR_UI_ROWS_H
#define FULMAR_UI_ROWS_H

#include "ui/ui-private.h"

struct rows {
	int cursor, top;
};

/* Keeps the cursor among n lines and on a screen of height lines. */
void rows_fit(struct rows *rows, int n, int height);
/* Moving actions, among n lines. FALSE: not one. */
gboolean rows_act(struct rows *rows, int n, enum action action, int count, int height);

#endif
