#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* Ops of folders themselves. A folder's wire name is always the server's; what it is called on the screen,
 * whether it is subscribed and whether it is shown follow from the server's word and from its ops, in order.
 */

struct names {
	char *path, *wire, *role; /* wire: as it will be when its ops are through */
	char delimiter;
	gboolean wish, subscribed, server_subscribed;
	gint64 total;
};

static void
names_clear(struct names *names)
{
	g_free(names->path);
	g_free(names->wire);
	g_free(names->role);
}

/* FALSE with error also when it is not there, or not shown any more. */
static gboolean
names_of(struct store *store, gint64 folder, struct names *names, GError **error)
{
	static const char sql[] =
	        "SELECT path, coalesce((SELECT f.wire FROM op_folder f JOIN op ON op.id = f.op WHERE "
	        "f.folder = ?1"
	        " AND op.state <> ?2 ORDER BY f.op DESC LIMIT 1), wire), role, delimiter, wish, subscribed,"
	        " server_subscribed, total FROM folder WHERE id = ?1";
	sqlite3_stmt *statement;

	memset(names, 0, sizeof *names);
	if (!folder_is_usable(store, folder, error) || !store_flush(store, error) ||
	    !(statement = store_sql(store, sql, VALUES(folder, OP_FAILED), error)) ||
	    store_step(store, statement, error) <= 0)
		return FALSE;
	names->path = store_column(statement, 0);
	names->wire = g_strdup((const char *)sqlite3_column_text(statement, 1));
	names->role = store_column(statement, 2);
	names->delimiter = (char)sqlite3_column_int(statement, 3);
	names->wish = sqlite3_column_int(statement, 4) != 0;
	names->subscribed = sqlite3_column_int(statement, 5) != 0;
	names->server_subscribed = sqlite3_column_int(statement, 6) != 0;
	names->total = sqlite3_column_int64(statement, 7);
	sqlite3_reset(statement);
	return TRUE;
}

char *
store_folder_wish(struct store *store, gint64 id, GError **error)
{
	struct names names;
	char *wire = NULL;

	if (names_of(store, id, &names, error))
		wire = g_steal_pointer(&names.wire);
	names_clear(&names);
	return wire;
}

/* Another folder is shown under path. */
static gboolean
is_free(struct store *store, const char *path, gint64 folder, GError **error)
{
	GError *failure = NULL;
	struct store_folder *there = store_folder_by_path(store, path, &failure);
	gboolean taken = there && there->id != folder;

	store_folder_free(there);
	if (failure)
		g_propagate_error(error, failure);
	else if (taken)
		fulmar_fail(error, FULMAR_FAILED, _("There is a folder %s already"), path);
	return !failure && !taken;
}

/* ---- what is shown ---- */

#define SHOWN \
	"UPDATE folder SET path = coalesce((SELECT f.path FROM op_folder f JOIN op ON op.id = f.op" \
	" WHERE f.folder = folder.id AND op.state <> 3 ORDER BY f.op DESC LIMIT 1), server_path)," \
	" subscribed = coalesce((SELECT add_flags FROM op WHERE verb = 9 AND op.folder = folder.id" \
	" AND state <> 3 ORDER BY op.id DESC LIMIT 1), server_subscribed)," \
	" removed = EXISTS (SELECT 1 FROM op WHERE verb = 8 AND op.folder = folder.id AND state <> 3)" \
	" OR (wish AND total = 0 AND EXISTS (SELECT 1 FROM op WHERE verb = 6 AND op.target = folder.id" \
	" AND state = 3)), revision = revision + 1"
G_STATIC_ASSERT(OP_CREATE == 6 && OP_REMOVE == 8 && OP_SUBSCRIBE == 9 && OP_FAILED == 3);

gboolean
tree_settle(struct store *store, gint64 folder, GError **error)
{
	static const char sql[] = SHOWN " WHERE id = ?1";

	return store_run(store, sql, VALUES(folder), error);
}

gboolean
tree_settle_wish(struct store *store, gint64 folder, GError **error)
{
	static const char sql[] = SHOWN " WHERE id = ?1 AND wish";

	return store_run(store, sql, VALUES(folder), error);
}

gboolean
tree_settle_op(struct store *store, const struct store_op *op, GError **error)
{
	/* Those of a rename that is no more are the ones with a name that is not the server's. */
	static const char all[] = SHOWN " WHERE path <> server_path OR id IN (SELECT folder FROM op_folder)";

	if (!store_flush(store, error))
		return FALSE;
	return op->verb == OP_RENAME ? store_run(store, all, NULL, 0, error)
	                             : tree_settle(store, op->folder ? op->folder : op->to, error);
}

/* ---- create ---- */

static gboolean
insert_wish(struct store *store, struct store_folder *folder, GError **error)
{
	static const char sql[] =
	        "INSERT INTO folder (id, path, wire, delimiter, role, selectable, subscribed, rights, "
	        "mailbox_id,"
	        " server_total, server_unread, server_path, server_subscribed, wish, complete)"
	        " VALUES ((SELECT ?6 WHERE ?6 > 0 AND NOT EXISTS (SELECT 1 FROM folder WHERE id = ?6)),"
	        " ?3, ?4, ?1, ?5, 1, ?2, '', '', 0, 0, ?3, ?2, 1, 1)";
	const char *texts[] = {folder->path, folder->wire, folder->role};
	sqlite3_stmt *statement =
	        store_sql(store, sql, VALUES(folder->delimiter, folder->subscribed != 0), error);

	if (!statement)
		return FALSE;
	for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
		sqlite3_bind_text(statement, 3 + i, texts[i] ? texts[i] : "", -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 6, folder->id);
	if (!store_finish(store, statement, error))
		return FALSE;
	folder->id = sqlite3_last_insert_rowid(store->db);
	return TRUE;
}

gboolean
tree_create(struct store *store, struct journal *journal, struct store_folder *folder,
            const char *special_use, GError **error)
{
	struct op_spec spec = {.verb = OP_CREATE, .arg = special_use};
	struct entry entry = {.verb = OP_CREATE, .text1 = folder->path};

	if (!is_free(store, folder->path, 0, error) || !insert_wish(store, folder, error))
		return FALSE;
	spec.to = entry.subject = entry.target = folder->id;
	return journal_op(store, journal, &spec, &entry.op, error) &&
	       journal_note(store, journal, &entry, error);
}

gboolean
store_journal_create(struct store *store, struct store_folder *folder, const char *special_use, gint64 *step,
                     GError **error)
{
	struct journal journal;
	gint64 id = folder->id;

	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	folder->id = 0;
	if (journal_end(store, &journal, tree_create(store, &journal, folder, special_use, error), error))
		return TRUE;
	folder->id = id;
	return FALSE;
}

gboolean
tree_forget(struct store *store, gint64 folder, GError **error)
{
	static const char ops[] = "DELETE FROM op WHERE (folder = ?1 OR target = ?1) AND NOT EXISTS"
	                          " (SELECT 1 FROM op_row WHERE op = op.id)";
	static const char names[] =
	        "DELETE FROM op_folder WHERE folder = ?1 OR op NOT IN (SELECT id FROM op)";
	static const char row[] = "DELETE FROM folder WHERE id = ?1";

	folders_forget(store);
	return store_flush(store, error) && store_run(store, ops, VALUES(folder), error) &&
	       store_run(store, names, VALUES(folder), error) && store_run(store, row, VALUES(folder), error);
}

gboolean
tree_unmake(struct store *store, gint64 folder, GError **error)
{
	static const char state[] = "SELECT wish FROM folder WHERE id = ?1";
	static const char needed[] =
	        "SELECT (SELECT total FROM folder WHERE id = ?1) > 0 OR EXISTS (SELECT 1 FROM op JOIN op_row"
	        " ON op_row.op = op.id WHERE op.target = ?1 OR op.folder = ?1)";
	static const char create[] = "DELETE FROM op WHERE verb = ?2 AND target = ?1";
	gint64 wish, used;

	if (!store_flush(store, error) || !store_number(store, state, VALUES(folder), 0, &wish, error) ||
	    !store_number(store, needed, VALUES(folder), 0, &used, error))
		return FALSE;
	/* The server has one of that name, whoever made it. */
	if (!wish)
		return store_run(store, create, VALUES(folder, OP_CREATE), error) &&
		       tree_settle(store, folder, error);
	if (used) {
		fulmar_fail(error, FULMAR_FAILED,
		            _("Other changes wait for this folder; take those back first"));
		return FALSE;
	}
	return tree_forget(store, folder, error);
}

/* ---- rename ---- */

static gboolean
name_one(struct store *store, gint64 op, gint64 folder, const char *path, const char *wire, GError **error)
{
	static const char sql[] =
	        "INSERT OR REPLACE INTO op_folder (op, folder, path, wire) VALUES (?1, ?2, ?3, ?4)";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(op, folder), error);

	if (!statement)
		return FALSE;
	sqlite3_bind_text(statement, 3, path, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 4, wire, -1, SQLITE_STATIC);
	return store_finish(store, statement, error) && tree_settle(store, folder, error);
}

/* Whether name is below top; *rest is what follows it then, with the delimiter. */
static gboolean
is_below(const char *name, const char *top, char delimiter, const char **rest)
{
	gsize len = strlen(top);

	if (!delimiter || strncmp(name, top, len) != 0 || name[len] != delimiter)
		return FALSE;
	*rest = name + len;
	return TRUE;
}

static gboolean
name_below(struct store *store, gint64 op, const struct names *old, const char *path, const char *wire,
           GError **error)
{
	g_autoptr(GPtrArray) folders = store_folders(store, error);

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];
		g_autofree char *new_path = NULL, *new_wire = NULL;
		struct names names;
		const char *rest;
		gboolean below, ok = TRUE;

		if (!names_of(store, folder->id, &names, error))
			return FALSE;
		below = is_below(names.wire, old->wire, old->delimiter, &rest);
		if (below) {
			new_wire = g_strconcat(wire, rest, NULL);
			new_path = is_below(names.path, old->path, '/', &rest) ? g_strconcat(path, rest, NULL)
			                                                       : g_strdup(names.path);
			ok = name_one(store, op, folder->id, new_path, new_wire, error);
		}
		names_clear(&names);
		if (!ok)
			return FALSE;
	}
	return folders != NULL;
}

static gboolean
may_be_called(struct store *store, gint64 folder, const struct names *names, const char *path,
              const char *wire, GError **error)
{
	const char *rest;

	if (is_below(wire, names->wire, names->delimiter, &rest)) {
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be moved into itself"), names->path);
		return FALSE;
	}
	return is_free(store, path, folder, error);
}

gboolean
tree_rename(struct store *store, struct journal *journal, gint64 folder, const char *path, const char *wire,
            GError **error)
{
	const struct op_spec spec = {.verb = OP_RENAME, .folder = folder, .arg = wire};
	struct entry entry = {.verb = OP_RENAME, .subject = folder, .origin = folder, .text3 = path};
	struct names names;
	gboolean ok = names_of(store, folder, &names, error);

	entry.text1 = names.path;
	entry.text2 = names.wire;
	if (ok && strcmp(names.wire, wire) != 0)
		ok = may_be_called(store, folder, &names, path, wire, error) &&
		     journal_op(store, journal, &spec, &entry.op, error) &&
		     journal_note(store, journal, &entry, error) &&
		     name_below(store, entry.op, &names, path, wire, error) &&
		     name_one(store, entry.op, folder, path, wire, error);
	names_clear(&names);
	return ok;
}

gboolean
store_journal_rename(struct store *store, gint64 folder, const char *path, const char *wire, gint64 *step,
                     GError **error)
{
	struct journal journal;

	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	return journal_end(store, &journal, tree_rename(store, &journal, folder, path, wire, error), error);
}

/* ---- remove ---- */

/* Whether it is a wish that nobody has begun to fulfil, by the name it was first given: undo goes back
 * through each of its names. */
static gboolean
is_mere_wish(struct store *store, gint64 folder, const struct names *names, gboolean *mere, GError **error)
{
	static const char sql[] =
	        "SELECT NOT EXISTS (SELECT 1 FROM op WHERE (folder = ?1 OR target = ?1) AND state NOT IN "
	        "(?2, ?3))"
	        " AND NOT EXISTS (SELECT 1 FROM op_folder WHERE folder = ?1)"
	        " AND NOT EXISTS (SELECT 1 FROM op JOIN op_row ON op_row.op = op.id WHERE target = ?1"
	        " OR folder = ?1)";
	gint64 value;

	if (!store_number(store, sql, VALUES(folder, OP_WAITING, OP_FAILED), 0, &value, error))
		return FALSE;
	*mere = names->wish && names->total == 0 && value;
	return TRUE;
}

/* What failed to get out of folder, and is seen to be in it again, is to go with it. */
static gboolean
give_up_failed(struct store *store, gint64 folder, GError **error)
{
	static const char rows[] = "DELETE FROM op_row WHERE op IN (SELECT id FROM op WHERE folder = ?1 AND "
	                           "state = ?2 AND verb IN (1, 10))"
	                           " AND id IN (SELECT id FROM message WHERE folder = ?1)";
	static const char ops[] = "DELETE FROM op WHERE folder = ?1 AND state = ?2 AND verb IN (1, 10)"
	                          " AND NOT EXISTS (SELECT 1 FROM op_row WHERE op = op.id)";

	G_STATIC_ASSERT(OP_MOVE == 1 && OP_TRANSFER == 10);
	return store_flush(store, error) && store_run(store, rows, VALUES(folder, OP_FAILED), error) &&
	       store_run(store, ops, VALUES(folder, OP_FAILED), error);
}

gboolean
tree_remove(struct store *store, struct journal *journal, gint64 folder, GError **error)
{
	const struct op_spec spec = {.verb = OP_REMOVE, .folder = folder};
	struct entry entry = {.verb = OP_REMOVE, .subject = folder, .origin = folder};
	gboolean mere = FALSE, ok;
	struct names names;

	ok = give_up_failed(store, folder, error) && names_of(store, folder, &names, error) &&
	     is_mere_wish(store, folder, &names, &mere, error);
	entry.text1 = names.path;
	entry.text2 = names.wire;
	entry.text3 = names.role;
	entry.added = names.delimiter;
	entry.removed = names.subscribed;
	ok = ok && (mere || journal_op(store, journal, &spec, &entry.op, error)) &&
	     journal_note(store, journal, &entry, error) &&
	     (mere ? tree_forget(store, folder, error) : tree_settle(store, folder, error));
	names_clear(&names);
	return ok;
}

gboolean
store_journal_remove(struct store *store, gint64 folder, gint64 *step, GError **error)
{
	struct journal journal;

	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	return journal_end(store, &journal, tree_remove(store, &journal, folder, error), error);
}

/* ---- subscribe ---- */

gboolean
tree_subscribe(struct store *store, struct journal *journal, gint64 folder, gboolean on, GError **error)
{
	static const char overtaken[] = "DELETE FROM op WHERE verb = ?2 AND folder = ?1"
	                                " AND ((state = ?3 AND attempts = 0) OR state = ?4)";
	static const char others[] = "SELECT EXISTS (SELECT 1 FROM op WHERE verb = ?2 AND folder = ?1)";
	const struct op_spec spec = {.verb = OP_SUBSCRIBE, .folder = folder, .add = on != 0};
	struct entry entry = {.verb = OP_SUBSCRIBE, .subject = folder, .origin = folder, .added = on != 0};
	struct names names;
	gint64 running;
	gboolean ok = names_of(store, folder, &names, error);

	if (ok && names.subscribed != (on != 0)) {
		ok = store_run(store, overtaken, VALUES(folder, OP_SUBSCRIBE, OP_WAITING, OP_FAILED),
		               error) &&
		     store_number(store, others, VALUES(folder, OP_SUBSCRIBE), 0, &running, error) &&
		     ((names.server_subscribed == (on != 0) && !running) ||
		      journal_op(store, journal, &spec, &entry.op, error)) &&
		     tree_settle(store, folder, error) && journal_note(store, journal, &entry, error);
	}
	names_clear(&names);
	return ok;
}

gboolean
store_journal_subscribe(struct store *store, gint64 folder, gboolean on, gint64 *step, GError **error)
{
	struct journal journal;

	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	return journal_end(store, &journal, tree_subscribe(store, &journal, folder, on, error), error);
}
