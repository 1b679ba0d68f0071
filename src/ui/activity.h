/* What goes on, as lines: connections, commands under way, the journal of each account, what was put off, and
 * what was said before. */
#ifndef FULMAR_UI_ACTIVITY_H
#define FULMAR_UI_ACTIVITY_H

#include "ui/ui-private.h"

struct activity_line {
	char *text;
	guint look;
	guint account;
	/* its subject, that a person may act on: */
	gint64 op;     /* a journal row, or 0 */
	guint64 job;   /* a command, or 0 */
	msgid later;   /* of which section comes when convenient, or 0 */
	char *section; /* or NULL */
	gint64 step;   /* of undo, or 0 */
	gboolean failed;
};

/* All of it, for so many columns: what is longer goes on in rows of its own, so that what failed is said to
 * its end. struct activity_line *; gives (g_ptr_array_unref). */
GPtrArray *activity_lines(struct ui *ui, int width);
gboolean activity_has_subject(const struct activity_line *line);
gboolean activity_same_subject(const struct activity_line *a, const struct activity_line *b);
/* An op in one line. Gives (g_free). */
char *activity_op_text(struct ui *ui, guint account, const struct store_op *op);

#endif
