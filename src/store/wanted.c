#include "store/wanted.h"
#include <string.h>

/* Values of lines: "f FOLDER" or "m ID ID …" for a journey, "ID:SECTION" for a part. */

enum { JOURNEYS_MAX = 100, LATERS_MAX = 1000 };

static const char journeys[] = "journeys", laters[] = "later";

static char **
lines_of(struct store *store, const char *name)
{
	g_autofree char *text = store_get(store, name);

	return g_strsplit(text ? text : "", "\n", -1);
}

/* What is there but line; with wanted, that comes last. */
static gboolean
set_line(struct store *store, const char *name, guint most, const char *line, gboolean wanted, GError **error)
{
	g_auto(GStrv) lines = lines_of(store, name);
	g_autoptr(GPtrArray) kept = g_ptr_array_new();
	g_autofree char *text = NULL;
	gboolean known = FALSE;

	for (char **at = lines; *at; at++) {
		known |= !strcmp(*at, line);
		if (**at && strcmp(*at, line))
			g_ptr_array_add(kept, *at);
	}
	if (!known && !wanted)
		return TRUE;
	if (wanted)
		g_ptr_array_add(kept, (gpointer)line);
	if (kept->len > most)
		g_ptr_array_remove_range(kept, 0, kept->len - most);
	if (!kept->len)
		return store_set(store, name, NULL, error);
	g_ptr_array_add(kept, NULL);
	text = g_strjoinv("\n", (char **)kept->pdata);
	return store_set(store, name, text, error);
}

/* ---- for the journey ---- */

static void
journey_free(gpointer data)
{
	struct store_journey *journey = data;

	g_clear_pointer(&journey->ids, g_array_unref);
	g_free(journey);
}

gboolean
store_journey_set(struct store *store, gint64 folder, const GArray *ids, gboolean wanted, GError **error)
{
	g_autoptr(GString) line = g_string_new(NULL);

	if (!ids || !ids->len)
		g_string_printf(line, "f %" G_GINT64_FORMAT, folder);
	else
		g_string_append_c(line, 'm');
	for (guint i = 0; ids && i < ids->len; i++)
		g_string_append_printf(line, " %" G_GINT64_FORMAT, g_array_index(ids, msgid, i));
	return set_line(store, journeys, JOURNEYS_MAX, line->str, wanted, error);
}

static struct store_journey *
journey_of(const char *line)
{
	struct store_journey *journey = g_new0(struct store_journey, 1);
	g_auto(GStrv) words = g_strsplit(line + 1, " ", -1);

	if (*line == 'f') {
		journey->folder = g_ascii_strtoll(line + 1, NULL, 10);
		return journey;
	}
	journey->ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	for (char **word = words; *word; word++) {
		msgid id = g_ascii_strtoll(*word, NULL, 10);

		if (id)
			g_array_append_val(journey->ids, id);
	}
	return journey;
}

GPtrArray *
store_journeys(struct store *store)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(journey_free);
	g_auto(GStrv) lines = lines_of(store, journeys);

	for (char **line = lines; *line; line++)
		if (**line)
			g_ptr_array_add(all, journey_of(*line));
	return all;
}

/* ---- when nothing else is asked ---- */

static void
later_free(gpointer data)
{
	struct store_later *later = data;

	g_free(later->section);
	g_free(later);
}

gboolean
store_later_set(struct store *store, msgid id, const char *section, gboolean wanted, GError **error)
{
	g_autofree char *line = g_strdup_printf("%" G_GINT64_FORMAT ":%s", id, section);

	return set_line(store, laters, LATERS_MAX, line, wanted, error);
}

GPtrArray *
store_laters(struct store *store)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(later_free);
	g_auto(GStrv) lines = lines_of(store, laters);

	for (char **line = lines; *line; line++) {
		char *section;
		msgid id = g_ascii_strtoll(*line, &section, 10);
		struct store_later *later;

		if (!id || *section != ':')
			continue;
		later = g_new(struct store_later, 1);
		later->id = id;
		later->section = g_strdup(section + 1);
		g_ptr_array_add(all, later);
	}
	return all;
}

gboolean
store_is_later(const GPtrArray *all, msgid id, const char *section)
{
	for (guint i = 0; i < all->len; i++) {
		const struct store_later *later = all->pdata[i];

		if (later->id == id && !strcmp(later->section, section))
			return TRUE;
	}
	return FALSE;
}
