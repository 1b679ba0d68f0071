#include <string.h>
#include "core/account-private.h"

/* What is wanted for the journey is remembered until all of it is here, a line each: "f FOLDER" or "m ID ID
 * …". A screen that starts asks for it again. */

enum { JOURNEYS_MAX = 100 };

static const char key[] = "journeys";

static char *
line_of(const struct command *c)
{
	GString *line = g_string_new(NULL);

	if (!c->ids || !c->ids->len) {
		g_string_printf(line, "f %" G_GINT64_FORMAT, c->folder);
		return g_string_free(line, FALSE);
	}
	g_string_append_c(line, 'm');
	for (guint i = 0; i < c->ids->len; i++)
		g_string_append_printf(line, " %" G_GINT64_FORMAT, g_array_index(c->ids, msgid, i));
	return g_string_free(line, FALSE);
}

/* What is remembered but line; with it at the end when with is TRUE. */
static gboolean
rewrite(struct account *a, const char *line, gboolean with, GError **error)
{
	g_autofree char *known = store_get(a->store, key);
	g_auto(GStrv) lines = g_strsplit(known ? known : "", "\n", -1);
	g_autoptr(GString) text = g_string_new(NULL);
	guint n = g_strv_length(lines);

	/* Of too many the oldest are forgotten: they can be asked for again. */
	for (guint i = n > JOURNEYS_MAX ? n - JOURNEYS_MAX : 0; i < n; i++)
		if (*lines[i] && strcmp(lines[i], line))
			g_string_append_printf(text, "%s%s", text->len ? "\n" : "", lines[i]);
	if (with)
		g_string_append_printf(text, "%s%s", text->len ? "\n" : "", line);
	if (!g_strcmp0(known ? known : "", text->str))
		return TRUE;
	return store_set(a->store, key, text->len ? text->str : NULL, error);
}

gboolean
journey_note(struct account *a, const struct command *c, GError **error)
{
	g_autofree char *line = line_of(c);

	return rewrite(a, line, TRUE, error);
}

void
journey_forget(struct account *a, const struct command *c)
{
	g_autofree char *line = line_of(c);
	GError *error = NULL;

	if (!rewrite(a, line, FALSE, &error))
		journal_halt(a, error);
}
