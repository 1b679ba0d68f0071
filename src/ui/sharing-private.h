/* What sharing.c (what is known, and shown) and sharing-keys.c (what keys change) have in common. */
#ifndef FULMAR_UI_SHARING_PRIVATE_H
#define FULMAR_UI_SHARING_PRIVATE_H

#include "ui/rows.h"

enum sharing_part { PART_RIGHTS, PART_QUOTA, PART_NOTES, SHARING_PARTS };

struct sharing {
	struct view view;
	struct rows rows;
	guint account;
	char *path;
	gint64 folder;
	guint64 asked[SHARING_PARTS];    /* commands under way; 0: answered */
	char *trouble[SHARING_PARTS];    /* why there is no answer, safe; or NULL */
	char *own;                       /* my rights, or NULL */
	GPtrArray *lines;                /* struct sharing_line * */
	GPtrArray *facts[SHARING_PARTS]; /* struct sharing_fact * */
};

struct sharing_fact {
	char *name,
	        *value; /* as the server says: identifier and letters, resource and room, entry and note */
};

enum sharing_kind { KIND_TEXT, KIND_RIGHT, KIND_NOTE };

struct sharing_line {
	char *text;
	guint look;
	enum sharing_kind kind;
	const struct sharing_fact *fact;
};

/* The lines, and the cursor among them, as things are now. */
void sharing_renew(struct sharing *sharing);
int sharing_height(const struct sharing *sharing);
/* What is known of part is no longer so. */
void sharing_ask_again(struct ui *ui, struct sharing *sharing, enum sharing_part part);

gboolean sharing_act(struct ui *ui, struct view *view, enum action action, int count);

#endif
