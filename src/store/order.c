#include <string.h>
#include "store/store-private.h"

/* Which ops may run. What happens to a message happens in order, and so does what happens to a folder and to
 * what is in it and below it. An op of the folder itself reaches as far as its scope: every folder that has
 * or will have its name, or one below. */

struct known_folder {
	gint64 id;
	char *wire; /* each of its names, now and to come */
	char delimiter;
};

struct order {
	struct store *store;
	GHashTable *rows;     /* msgid: an earlier op is about it */
	GHashTable *named;    /* folders that earlier ops name */
	GHashTable *reserved; /* folders in the scope of earlier ops of folders */
	GHashTable *refuges;  /* folders that still hold what failed to get out of them */
	GArray *folders;      /* struct known_folder, once needed */
	GArray *spots;        /* struct op_spot, by op */
	guint at;             /* those of earlier ops lie before */
};

/* What an op is about lies in folder now: a row goes its way later than it was to when it left an op for
 * another, so the folder that the op names need not be the one in which it will find it. */
struct op_spot {
	gint64 op, folder;
};

static gboolean
is_folder_op(const struct store_op *op)
{
	return (op->verb >= OP_EMPTY && op->verb <= OP_SUBSCRIBE) || op->upto;
}

/* Whether its own folder is all that it concerns. */
static gboolean
is_narrow(const struct store_op *op)
{
	return op->verb == OP_EMPTY || op->verb == OP_SUBSCRIBE || op->verb == OP_FLAG;
}

static gboolean
add_folders(struct order *order, const char *sql, GError **error)
{
	sqlite3_stmt *statement = store_sql(order->store, sql, NULL, 0, error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(order->store, statement, error)) > 0) {
		struct known_folder folder = {sqlite3_column_int64(statement, 0),
		                              g_strdup((const char *)sqlite3_column_text(statement, 1)),
		                              (char)sqlite3_column_int(statement, 2)};

		g_array_append_val(order->folders, folder);
	}
	return result >= 0;
}

static void
clear_folder(gpointer data)
{
	g_free(((struct known_folder *)data)->wire);
}

static gboolean
read_folders(struct order *order, GError **error)
{
	static const char now[] = "SELECT id, wire, delimiter FROM folder";
	static const char to_come[] = "SELECT f.folder, f.wire, folder.delimiter FROM op_folder f"
	                              " JOIN folder ON folder.id = f.folder";

	if (order->folders)
		return TRUE;
	order->folders = g_array_new(FALSE, FALSE, sizeof(struct known_folder));
	g_array_set_clear_func(order->folders, clear_folder);
	return add_folders(order, now, error) && add_folders(order, to_come, error);
}

static gboolean
is_below(const struct known_folder *folder, const char *wire)
{
	gsize len = strlen(wire);

	return *wire && strncmp(folder->wire, wire, len) == 0 &&
	       (!folder->wire[len] || (folder->delimiter && folder->wire[len] == folder->delimiter));
}

static void
add_below(const struct order *order, const char *wire, GHashTable *scope)
{
	for (guint i = 0; i < order->folders->len; i++) {
		const struct known_folder *folder = &g_array_index(order->folders, struct known_folder, i);

		if (is_below(folder, wire))
			g_hash_table_add(scope, (gpointer)&folder->id);
	}
}

/* Ids are lent by op and by order->folders. */
static gboolean
scope_of(struct order *order, const struct store_op *op, GHashTable *scope, GError **error)
{
	const gint64 *own[] = {&op->folder, &op->to};

	for (guint i = 0; i < G_N_ELEMENTS(own); i++)
		if (*own[i])
			g_hash_table_add(scope, (gpointer)own[i]);
	if (is_narrow(op))
		return TRUE;
	if (!read_folders(order, error))
		return FALSE;
	for (guint i = 0; i < order->folders->len; i++) {
		const struct known_folder *folder = &g_array_index(order->folders, struct known_folder, i);

		if (folder->id == op->folder || folder->id == op->to)
			add_below(order, folder->wire, scope);
	}
	if (op->verb == OP_RENAME)
		add_below(order, op->arg, scope);
	return TRUE;
}

/* Only the order of ops of folders needs them. What is emptied lies in the folder that is emptied. */
static gboolean
read_spots(struct order *order, const GPtrArray *all, GError **error)
{
	static const char sql[] =
	        "WITH r AS (SELECT op_row.op, op_row.id, op_row.source FROM op CROSS JOIN op_row"
	        " ON op_row.op = op.id WHERE op.verb <> ?1) SELECT DISTINCT r.op, coalesce(place.folder,"
	        " (SELECT unbound.folder FROM unbound WHERE unbound.id = r.id AND unbound.folder <> 0),"
	        " message.folder) FROM (SELECT op, id FROM r UNION ALL SELECT op, source FROM r"
	        " WHERE source > 0) r JOIN message ON message.id = r.id LEFT JOIN place ON place.id = r.id"
	        " ORDER BY r.op";
	sqlite3_stmt *statement;
	gboolean any = FALSE;
	int result;

	for (guint i = 0; i < all->len && !any; i++)
		any = is_folder_op(all->pdata[i]);
	if (!any)
		return TRUE;
	statement = store_sql(order->store, sql, VALUES(OP_EMPTY), error);
	result = statement ? 0 : -1;
	while (result >= 0 && (result = store_step(order->store, statement, error)) > 0) {
		struct op_spot spot = {sqlite3_column_int64(statement, 0),
		                       sqlite3_column_int64(statement, 1)};

		if (spot.folder)
			g_array_append_val(order->spots, spot);
	}
	return result >= 0;
}

/* The folders in which op finds what it is about, lent. */
static struct op_spot *
spots_of(struct order *order, const struct store_op *op, guint *n)
{
	guint start;

	while (order->at < order->spots->len &&
	       g_array_index(order->spots, struct op_spot, order->at).op < op->id)
		order->at++;
	start = order->at;
	while (order->at < order->spots->len &&
	       g_array_index(order->spots, struct op_spot, order->at).op == op->id)
		order->at++;
	*n = order->at - start;
	return *n ? &g_array_index(order->spots, struct op_spot, start) : NULL;
}

static gboolean
any_row_held(const struct order *order, const struct store_op *op)
{
	const GArray *lists[] = {op->ids, op->sources};

	for (guint list = 0; list < G_N_ELEMENTS(lists); list++)
		for (guint i = 0; i < lists[list]->len; i++)
			if (g_hash_table_contains(order->rows, &g_array_index(lists[list], msgid, i)))
				return TRUE;
	return FALSE;
}

static void
hold_rows(struct order *order, const struct store_op *op)
{
	const GArray *lists[] = {op->ids, op->sources};

	for (guint list = 0; list < G_N_ELEMENTS(lists); list++)
		for (guint i = 0; i < lists[list]->len; i++)
			g_hash_table_add(order->rows, &g_array_index(lists[list], msgid, i));
}

static gboolean
any_in(GHashTable *scope, GHashTable *others)
{
	GHashTableIter iter;
	gpointer id;

	g_hash_table_iter_init(&iter, scope);
	while (g_hash_table_iter_next(&iter, &id, NULL))
		if (g_hash_table_contains(others, id))
			return TRUE;
	return FALSE;
}

static void
add_all(GHashTable *to, GHashTable *scope)
{
	GHashTableIter iter;
	gpointer id;

	g_hash_table_iter_init(&iter, scope);
	while (g_hash_table_iter_next(&iter, &id, NULL))
		g_hash_table_add(to, id);
}

/* What a failed op was to take out of its folder, or to copy, shall not go with it. */
static gboolean
keeps_folder(const struct store_op *op)
{
	return op->state == OP_FAILED && op->folder &&
	       (op->verb == OP_MOVE || op->verb == OP_COPY || op->verb == OP_TRANSFER);
}

/* Looks at op, which comes after those looked at before. */
static gboolean
weigh(struct order *order, const struct store_op *op, gint64 now, gboolean *free, GError **error)
{
	g_autoptr(GHashTable) scope = g_hash_table_new(g_int64_hash, g_int64_equal);
	gboolean of_folder = is_folder_op(op);
	guint n;
	struct op_spot *spots = spots_of(order, op, &n);

	*free = op->state == OP_WAITING && op->not_before <= now && !any_row_held(order, op) &&
	        !g_hash_table_contains(order->reserved, &op->folder) &&
	        !g_hash_table_contains(order->reserved, &op->to);
	for (guint i = 0; i < n; i++)
		*free = *free && !g_hash_table_contains(order->reserved, &spots[i].folder);
	if (of_folder && !scope_of(order, op, scope, error))
		return FALSE;
	*free = *free && !any_in(scope, order->named) &&
	        (op->verb != OP_REMOVE || !any_in(scope, order->refuges));
	/* The flags of a failed op were taken back: nothing rests on them. */
	if (op->state != OP_FAILED || op->verb != OP_FLAG)
		hold_rows(order, op);
	if (keeps_folder(op))
		g_hash_table_add(order->refuges, (gpointer)&op->folder);
	if (op->state == OP_FAILED)
		return TRUE;
	if (op->folder)
		g_hash_table_add(order->named, (gpointer)&op->folder);
	if (op->to)
		g_hash_table_add(order->named, (gpointer)&op->to);
	for (guint i = 0; i < n; i++)
		g_hash_table_add(order->named, &spots[i].folder);
	add_all(order->reserved, scope);
	return TRUE;
}

gboolean
order_ready(struct store *store, GPtrArray *all, gint64 now, GPtrArray *out, GError **error)
{
	struct order order = {store,
	                      g_hash_table_new(g_int64_hash, g_int64_equal),
	                      g_hash_table_new(g_int64_hash, g_int64_equal),
	                      g_hash_table_new(g_int64_hash, g_int64_equal),
	                      g_hash_table_new(g_int64_hash, g_int64_equal),
	                      NULL,
	                      g_array_new(FALSE, FALSE, sizeof(struct op_spot)),
	                      0};
	g_autofree gboolean *free = g_new0(gboolean, all->len + 1);
	gboolean ok = read_spots(&order, all, error);

	for (guint i = 0; ok && i < all->len; i++)
		ok = weigh(&order, all->pdata[i], now, &free[i], error);
	for (guint i = 0; ok && i < all->len; i++)
		if (free[i])
			g_ptr_array_add(out, g_steal_pointer(&all->pdata[i]));
	g_hash_table_unref(order.rows);
	g_hash_table_unref(order.named);
	g_hash_table_unref(order.reserved);
	g_hash_table_unref(order.refuges);
	g_array_unref(order.spots);
	if (order.folders)
		g_array_unref(order.folders);
	return ok;
}
