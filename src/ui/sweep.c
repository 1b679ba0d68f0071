#include "base/i18n.h"
#include "ui/ui-private.h"

#define SLICE 4000 /* µs */
#define CHUNK 40   /* rows between two looks at the clock */

static void
sweep_free(struct sweep *sweep)
{
	if (sweep->user && sweep->free_user)
		sweep->free_user(sweep->user);
	if (sweep->ids)
		g_array_unref(sweep->ids);
	if (sweep->more)
		g_array_unref(sweep->more);
	g_array_unref(sweep->found);
	g_array_unref(sweep->others);
	g_free(sweep->label);
	g_free(sweep);
}

gboolean
ui_sweep_stop(struct ui *ui)
{
	struct sweep *sweep = g_steal_pointer(&ui->sweep);

	if (sweep)
		sweep_free(sweep);
	return sweep != NULL;
}

static gboolean
read_chunk(struct sweep *sweep, struct store *store, GPtrArray *rows, GError **error)
{
	if (!sweep->ids)
		return store_rows(store, sweep->folder, sweep->begun ? &sweep->at : NULL, TRUE, CHUNK, rows,
		                  error);
	for (guint i = 0; i < CHUNK && sweep->next < sweep->ids->len; i++) {
		g_autoptr(GError) local = NULL;
		struct store_row *row =
		        store_row(store, g_array_index(sweep->ids, msgid, sweep->next++), &local);

		if (local) {
			g_propagate_error(error, g_steal_pointer(&local));
			return FALSE;
		}
		if (row)
			g_ptr_array_add(rows, row);
	}
	return TRUE;
}

static gboolean
to_next_folder(struct sweep *sweep)
{
	if (!sweep->more || sweep->next >= sweep->more->len)
		return FALSE;
	sweep->folder = g_array_index(sweep->more, gint64, sweep->next++);
	sweep->begun = FALSE;
	return TRUE;
}

/* TRUE: there is more. */
static gboolean
look_at_chunk(struct ui *ui, struct sweep *sweep, GError **error)
{
	struct store *store = ui_store(ui, sweep->account);
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

	if (!store || !read_chunk(sweep, store, rows, error))
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		const struct store_row *row = rows->pdata[i];

		if (row->folder == sweep->folder)
			sweep->row(sweep, row);
		sweep->at = row->key;
		sweep->begun = TRUE;
		sweep->seen++;
	}
	if (sweep->ids)
		return sweep->next < sweep->ids->len;
	return rows->len == CHUNK || to_next_folder(sweep);
}

/* It leaves its place before its end is acted on: that may begin the next one. */
static void
finish(struct ui *ui)
{
	struct sweep *sweep = g_steal_pointer(&ui->sweep);

	sweep->end(ui, sweep);
	sweep_free(sweep);
}

gboolean
ui_sweep_on(struct ui *ui)
{
	gint64 end = g_get_monotonic_time() + SLICE;
	g_autoptr(GError) error = NULL;

	if (!ui->sweep)
		return FALSE;
	while (look_at_chunk(ui, ui->sweep, &error))
		if (g_get_monotonic_time() >= end)
			return TRUE;
	if (error) {
		ui_complain(ui, "%s", error->message);
		ui_sweep_stop(ui);
	} else {
		finish(ui);
	}
	return TRUE;
}

static gboolean
is_looked_through(const struct sweep *sweep, gint64 folder)
{
	for (guint i = 0; sweep->more && i < sweep->more->len; i++)
		if (g_array_index(sweep->more, gint64, i) == folder)
			return TRUE;
	return sweep->folder == folder;
}

void
ui_sweep(struct ui *ui, struct sweep *sweep)
{
	const GPtrArray *folders = ui_folders(ui, sweep->account);
	guint64 shown = 0;

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];

		if (is_looked_through(sweep, folder->id))
			shown += (guint64)MAX(folder->shown, 0);
	}
	ui_sweep_stop(ui);
	sweep->found = g_array_new(FALSE, FALSE, sizeof(msgid));
	sweep->others = g_array_new(FALSE, FALSE, sizeof(msgid));
	sweep->total = sweep->ids ? sweep->ids->len : shown;
	ui->sweep = sweep;
	ui_sweep_on(ui);
}
