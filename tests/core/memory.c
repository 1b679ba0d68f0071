#include "memory-private.h"

#include <string.h>

/* What a test asks of a server in memory. */

void
memory_add_folder(const char *account, const char *name)
{
	memory_folder_new(memory_hold(account), name)->subscribed = TRUE;
	memory_release();
}

void
memory_add_message(const char *account, const char *folder, const char *message, guint flags)
{
	g_autoptr(GBytes) bytes = g_bytes_new(message, strlen(message));
	struct folder *f;

	f = memory_folder(memory_hold(account), folder);
	memory_put(f, bytes, 1000000 + (gint64)f->uidnext, flags, "");
	memory_release();
}

gboolean
memory_expunge(const char *account, const char *folder, const char *message_id)
{
	struct folder *f;
	struct message *m;

	f = memory_folder(memory_hold(account), folder);
	m = memory_by_id(f, message_id);
	if (m)
		g_ptr_array_remove(f->messages, m);
	memory_release();
	return m != NULL;
}

gboolean
memory_move(const char *account, const char *folder, const char *message_id, const char *to)
{
	struct server *s = memory_hold(account);
	struct folder *f = memory_folder(s, folder);
	struct message *m;

	m = memory_by_id(f, message_id);
	if (m) {
		memory_put(memory_folder(s, to), m->bytes, m->received, m->flags, m->keywords);
		g_ptr_array_remove(f->messages, m);
	}
	memory_release();
	return m != NULL;
}

void
memory_arm(const char *account, guint n, enum memory_fault fault, enum memory_extent extent)
{
	struct server *s;

	s = memory_hold(account);
	s->countdown = n;
	s->fault = fault;
	s->extent = extent;
	s->verbs = 0;
	s->silent = s->any = FALSE;
	memory_release();
}

void
memory_arm_any(const char *account, guint n, enum memory_fault fault)
{
	memory_arm(account, n, fault, MEMORY_NOTHING);
	memory_hold(account)->any = TRUE;
	memory_release();
}

void
memory_arm_fills(const char *account, enum memory_fault fault)
{
	memory_hold(account)->fill_fault = fault;
	memory_release();
}

void
memory_set_piece(const char *account, guint n)
{
	memory_hold(account)->piece = n;
	memory_release();
}

guint
memory_fills(const char *account)
{
	guint fills = memory_hold(account)->fills;

	memory_release();
	return fills;
}

guint
memory_links(const char *account)
{
	guint links = memory_hold(account)->links;

	memory_release();
	return links;
}

gboolean
memory_is_silent(const char *account)
{
	gboolean silent = memory_hold(account)->silent;

	memory_release();
	return silent;
}

guint
memory_verbs(const char *account)
{
	guint verbs = memory_hold(account)->verbs;

	memory_release();
	return verbs;
}

void
memory_set_uidplus(const char *account, gboolean on)
{
	memory_hold(account)->no_uidplus = !on;
	memory_release();
}

void
memory_set_reachable(const char *account, gboolean on)
{
	memory_hold(account)->unreachable = !on;
	memory_release();
}

/* ---- in words ---- */

static char *
join(GPtrArray *lines)
{
	g_ptr_array_sort(lines, memory_compare);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("\n", (char **)lines->pdata);
}

static char *
message_line(const char *folder, const char *id, guint flags, const char *keywords)
{
	g_autofree char *words = memory_sorted(keywords);

	return g_strdup_printf("%s %s %u %s", folder, id, flags, words);
}

char *
memory_dump(const char *account)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	struct server *s;

	s = memory_hold(account);
	for (guint i = 0; i < s->folders->len; i++) {
		struct folder *f = s->folders->pdata[i];

		g_ptr_array_add(lines, g_strdup_printf("%s/ %s", f->name, f->subscribed ? "yes" : "no"));
		for (guint j = 0; j < f->messages->len; j++) {
			struct message *m = f->messages->pdata[j];

			g_ptr_array_add(lines, message_line(f->name, m->id, m->flags, m->keywords));
		}
	}
	memory_release();
	return join(lines);
}

char *
memory_dump_store(struct store *store)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) folders = store_folders(store, NULL);

	g_assert_nonnull(folders);
	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];
		g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

		g_ptr_array_add(lines, g_strdup_printf("%s/ %s", f->path, f->subscribed ? "yes" : "no"));
		g_assert_true(store_rows(store, f->id, NULL, TRUE, 100000, rows, NULL));
		for (guint j = 0; j < rows->len; j++) {
			const struct store_row *row = rows->pdata[j];

			g_ptr_array_add(lines,
			                message_line(f->path, row->message_id, row->flags, row->keywords));
		}
	}
	return join(lines);
}
