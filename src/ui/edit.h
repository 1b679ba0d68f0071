/* One line of typing, emacs keys. Owner: the UI thread. */
#ifndef FULMAR_UI_EDIT_H
#define FULMAR_UI_EDIT_H

#include <glib.h>
#include "conf/keys.h"
#include "ui/picture.h"

struct edit {
	GString *text; /* valid UTF-8 */
	gsize at;      /* the cursor, an octet offset at a cluster's beginning */
};

void edit_init(struct edit *edit, const char *text);
void edit_clear(struct edit *edit); /* wipes and frees */
void edit_set(struct edit *edit, const char *text);
void edit_insert(struct edit *edit, gunichar c);
/* Erasing and moving. FALSE: not an editing action. */
gboolean edit_act(struct edit *edit, enum action action);
/* Draws so that the cursor is seen; returns its column. secret: a mark per character. */
int edit_draw(const struct edit *edit, struct picture *picture, int y, int x, int width, gboolean secret);

#endif
