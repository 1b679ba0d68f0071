#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* What a person does to messages: op, effect here and entry of undo in one durable transaction. Where a wish
 * undoes or overtakes one that has not gone out yet, the row leaves the older op: the server hears of the
 * last wish alone. */

struct made {
	struct op_spec spec;
	gint64 op;
};

/* ---- one action ---- */

static void
clear_made(gpointer data)
{
	struct op_spec *spec = &((struct made *)data)->spec;

	g_free((char *)spec->keywords_add);
	g_free((char *)spec->keywords_remove);
	g_free((char *)spec->arg);
	g_free((char *)spec->key);
}

gboolean
journal_begin(struct store *store, struct journal *journal, gint64 *step, GError **error)
{
	static const char last[] = "SELECT max(seq) FROM step_entry WHERE step = ?1";

	memset(journal, 0, sizeof *journal);
	journal->step = step;
	journal->had = step ? *step : 0;
	if (!store_enter(store, TRUE, &journal->own, error))
		return FALSE;
	if (journal->had && !store_number(store, last, VALUES(journal->had), 0, &journal->seq, error))
		return store_leave(store, journal->own, FALSE, error);
	journal->made = g_array_new(FALSE, FALSE, sizeof(struct made));
	g_array_set_clear_func(journal->made, clear_made);
	return TRUE;
}

gboolean
journal_end(struct store *store, struct journal *journal, gboolean ok, GError **error)
{
	static const char count[] = "UPDATE step SET n = n + ?2 WHERE id = ?1";

	if (ok && journal->step && *journal->step)
		ok = store_run(store, count, VALUES(*journal->step, journal->n), error);
	g_array_unref(journal->made);
	ok = store_leave(store, journal->own, ok, error);
	if (!ok && journal->step)
		*journal->step = journal->had;
	return ok;
}

/* How far down an op is for the same; upto is that of the whole folder, which its rows need not repeat. */
static gboolean
is_alike(const struct op_spec *a, const struct op_spec *b)
{
	return a->verb == b->verb && a->state == b->state && a->folder == b->folder && a->to == b->to &&
	       a->add == b->add && a->remove == b->remove &&
	       g_strcmp0(a->keywords_add, b->keywords_add) == 0 &&
	       g_strcmp0(a->keywords_remove, b->keywords_remove) == 0 && g_strcmp0(a->arg, b->arg) == 0 &&
	       g_strcmp0(a->key, b->key) == 0;
}

gboolean
journal_op(struct store *store, struct journal *journal, const struct op_spec *spec, gint64 *op,
           GError **error)
{
	struct made made = {.spec = *spec};

	gboolean alone = spec->verb == OP_APPEND || spec->verb == OP_REPLACE;

	/* Each append is a message of its own. */
	for (guint i = alone ? journal->made->len : 0; i < journal->made->len; i++) {
		const struct made *known = &g_array_index(journal->made, struct made, i);

		if (is_alike(&known->spec, spec)) {
			*op = known->op;
			return TRUE;
		}
	}
	made.spec.step = journal->step ? *journal->step : 0;
	if (!op_insert(store, &made.spec, op, error))
		return FALSE;
	made.op = *op;
	made.spec.keywords_add = g_strdup(spec->keywords_add);
	made.spec.keywords_remove = g_strdup(spec->keywords_remove);
	made.spec.arg = g_strdup(spec->arg);
	made.spec.key = g_strdup(spec->key);
	g_array_append_val(journal->made, made);
	return TRUE;
}

static gboolean
begin_step(struct store *store, struct journal *journal, const struct entry *entry, GError **error)
{
	static const char insert[] = "INSERT INTO step (time, n, verb, target) VALUES (?1, 0, ?3,"
	                             " coalesce((SELECT path FROM folder WHERE id = ?2), ''))";
	static const char link[] = "UPDATE op SET step = ?2 WHERE id = ?1";
	gint64 target = entry->target ? entry->target : entry->origin;
	sqlite3_stmt *statement = store_sql(store, insert, VALUES(g_get_real_time(), target), error);

	if (!statement)
		return FALSE;
	sqlite3_bind_text(statement, 3, op_verb_names[entry->verb], -1, SQLITE_STATIC);
	if (!store_finish(store, statement, error))
		return FALSE;
	*journal->step = sqlite3_last_insert_rowid(store->db);
	/* Ops are made before the first entry is written. */
	for (guint i = 0; i < journal->made->len; i++)
		if (!store_run(store, link,
		               VALUES(g_array_index(journal->made, struct made, i).op, *journal->step),
		               error))
			return FALSE;
	return TRUE;
}

gboolean
journal_note(struct store *store, struct journal *journal, const struct entry *entry, GError **error)
{
	static const char sql[] =
	        "INSERT INTO step_entry VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
	const char *texts[] = {entry->text1, entry->text2, entry->text3};
	sqlite3_stmt *statement;

	if (!journal->step)
		return TRUE;
	if (!*journal->step && !begin_step(store, journal, entry, error))
		return FALSE;
	journal->n++;
	statement = store_sql(store, sql,
	                      VALUES(*journal->step, ++journal->seq, entry->verb, entry->op, entry->subject,
	                             entry->origin, entry->target, entry->added, entry->removed),
	                      error);
	if (!statement)
		return FALSE;
	for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
		store_bind_text(statement, 10 + i, texts[i]);
	return store_finish(store, statement, error);
}

/* ---- one row ---- */

/* Whether something is to happen, after op, to all that the server has in folder then. */
static gboolean
is_swept(struct store *store, gint64 folder, gint64 op, gboolean *swept, GError **error)
{
	static const char sql[] = "SELECT EXISTS (SELECT 1 FROM op WHERE folder = ?1 AND id > ?2"
	                          " AND (upto > 0 OR verb = ?3))";
	gint64 value;

	if (!store_number(store, sql, VALUES(folder, op, OP_REMOVE), 0, &value, error))
		return FALSE;
	*swept = value != 0;
	return TRUE;
}

static gboolean
is_made_by(const struct op_link *link)
{
	return link->verb == OP_APPEND || link->verb == OP_COPY;
}

/* A move that was put off may have come half way: where it is made by hand there may be a copy. It must end
 * before the row goes on from where it puts it. */
static gboolean
may_be_half(const struct op_link *link)
{
	return link->verb == OP_MOVE && link->state == OP_WAITING && link->attempts > 0;
}

/* Whether the row may leave the last op that moves it for a later one: that was refused, or has not gone out
 * and nothing in between counts on it. */
static gboolean
can_be_overtaken(struct store *store, const struct row_state *row, const struct op_link *last,
                 const struct spot *spot, gboolean *can, GError **error)
{
	gboolean needed = FALSE;

	*can = last->op && !may_be_half(last) &&
	       (last->state == OP_WAITING || last->state == OP_HELD || last->state == OP_FAILED);
	if (*can && is_made_by(last) && !op_is_copied(store, row->id, &needed, error))
		return FALSE;
	if (*can && !needed && last->state != OP_FAILED &&
	    (!is_swept(store, spot->folder, last->op, &needed, error) ||
	     (!needed && !is_swept(store, last->folder, last->op, &needed, error))))
		return FALSE;
	*can = *can && !needed;
	return TRUE;
}

static gboolean
home_of(struct store *store, const struct row_state *row, const struct spot *spot, gint64 *folder,
        GError **error)
{
	*folder = spot->folder;
	if (!*folder && !identity_where(store, row->id, folder, error))
		return FALSE;
	if (!*folder)
		*folder = row->folder;
	return TRUE;
}

gboolean
journal_find_way(struct store *store, const struct row_state *row, struct way *way, GError **error)
{
	struct spot spot = {0};
	gboolean over, ok = place_of(store, row, &spot, error);

	memset(way, 0, sizeof *way);
	for (over = TRUE; ok && over && !way->unmade;) {
		g_free(way->last.key);
		ok = op_last_move(store, row->id, TRUE, &way->last, error) &&
		     can_be_overtaken(store, row, &way->last, &spot, &over, error);
		way->unmade = ok && over && is_made_by(&way->last);
		if (ok && over && !way->unmade)
			ok = op_leave(store, way->last.op, row->id, error);
	}
	way->then = way->last.to;
	if (ok && !way->last.op)
		ok = home_of(store, row, &spot, &way->then, error);
	g_free(spot.file);
	return ok;
}

static gboolean
join_op(struct store *store, struct journal *journal, const struct op_spec *spec, const struct row_state *row,
        gint64 *op, GError **error)
{
	return journal_op(store, journal, spec, op, error) && op_join(store, *op, row->id, 0, error);
}

/* The server has not got it yet: it shall come to folder to at once. Later ops stand behind the new one; the
 * flags go with the message. (A copy cannot wait for that: its source may go in between.) */
static gboolean
redirect(struct store *store, struct journal *journal, struct row_state *row, const struct op_link *last,
         gint64 to, gint64 *op, GError **error)
{
	const struct op_spec spec = {.verb = OP_APPEND,
	                             .state = last->state == OP_HELD ? OP_HELD : OP_WAITING,
	                             .to = to,
	                             .key = last->key};

	return join_op(store, journal, &spec, row, op, error) && replace_follow(store, last, *op, error) &&
	       op_leave(store, last->op, row->id, error) && masks_absorb(store, row, error);
}

gboolean
journal_move_row(struct store *store, struct journal *journal, struct row_state *row, gint64 to, gint64 *op,
                 GError **error)
{
	struct op_spec spec = {.verb = OP_MOVE, .to = to};
	struct way way;
	gboolean ok;

	*op = 0;
	if (row->folder == to)
		return TRUE;
	ok = journal_find_way(store, row, &way, error);
	spec.folder = way.then;
	if (ok && way.unmade && way.last.verb == OP_APPEND)
		ok = redirect(store, journal, row, &way.last, to, op, error);
	else if (ok && way.then != to)
		ok = join_op(store, journal, &spec, row, op, error);
	g_free(way.last.key);
	return ok && row_send(store, row, to, error);
}

/* What never was on the server, and shall not be, is none of its affairs. */
gboolean
journal_unmake_row(struct store *store, struct row_state *row, gint64 op, GError **error)
{
	return op_leave(store, op, row->id, error) && replace_alone(store, op, error) &&
	       masks_absorb(store, row, error) && limbo_put(store, row, LIMBO_MADE_HERE, error);
}

gboolean
journal_purge_row(struct store *store, struct journal *journal, struct row_state *row, gint64 *op,
                  GError **error)
{
	struct op_spec spec = {.verb = OP_PURGE};
	struct way way;
	gboolean ok = journal_find_way(store, row, &way, error);

	*op = 0;
	spec.folder = way.then;
	if (ok && way.unmade)
		ok = journal_unmake_row(store, row, way.last.op, error);
	else if (ok)
		ok = join_op(store, journal, &spec, row, op, error) && limbo_put(store, row, *op, error);
	g_free(way.last.key);
	return ok;
}

gboolean
journal_append_row(struct store *store, struct journal *journal, struct row_state *row, gint64 folder,
                   GError **error)
{
	const struct op_spec spec = {.verb = OP_APPEND, .to = folder};
	gint64 op;

	return join_op(store, journal, &spec, row, &op, error) && identity_forget(store, row->id, error) &&
	       row_send(store, row, folder, error);
}

/* ---- many rows ---- */

typedef gboolean (*row_verb)(struct store *store, struct journal *journal, struct row_state *row,
                             gpointer user, GError **error);

/* Ids that are not in the store, or rest in limbo, are an error. */
static gboolean
each_row(struct store *store, struct journal *journal, const msgid *ids, guint n, row_verb verb,
         gpointer user, GError **error)
{
	for (guint i = 0; i < n; i++) {
		struct row_state row;
		int found = row_state_by_id(store, ids[i], &row, error);
		gboolean ok = FALSE;

		if (found > 0 && row.folder)
			ok = verb(store, journal, &row, user, error);
		else if (found >= 0)
			store_fail_gone(ids[i], error);
		row_state_clear(&row);
		if (!ok)
			return FALSE;
	}
	return TRUE;
}

static gboolean
move_one(struct store *store, struct journal *journal, struct row_state *row, gpointer user, GError **error)
{
	gint64 to = *(gint64 *)user;
	struct entry entry = {.verb = OP_MOVE, .subject = row->id, .origin = row->folder, .target = to};

	return row->folder == to || (journal_move_row(store, journal, row, to, &entry.op, error) &&
	                             journal_note(store, journal, &entry, error));
}

gboolean
store_journal_move(struct store *store, const msgid *ids, guint n, gint64 to, gint64 *step, GError **error)
{
	struct journal journal;

	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	return journal_end(store, &journal,
	                   folder_is_usable(store, to, error) &&
	                           each_row(store, &journal, ids, n, move_one, &to, error),
	                   error);
}

static gboolean
purge_one(struct store *store, struct journal *journal, struct row_state *row, gpointer user, GError **error)
{
	struct entry entry = {.verb = OP_PURGE, .subject = row->id, .origin = row->folder};
	struct op_link last;

	if (!op_last_move(store, row->id, TRUE, &last, error))
		return FALSE;
	/* A copy that never came about is made of its source again. */
	entry.added = last.source;
	g_free(last.key);
	return journal_purge_row(store, journal, row, &entry.op, error) &&
	       journal_note(store, journal, &entry, error);
}

gboolean
store_journal_purge(struct store *store, const msgid *ids, guint n, gint64 *step, GError **error)
{
	struct journal journal;

	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	return journal_end(store, &journal, each_row(store, &journal, ids, n, purge_one, NULL, error), error);
}

struct copying {
	gint64 to;
	GArray *copies;
};

static gboolean
copy_one(struct store *store, struct journal *journal, struct row_state *row, gpointer user, GError **error)
{
	const struct copying *copying = user;
	struct op_spec spec = {.verb = OP_COPY, .folder = row->folder, .to = copying->to};
	struct entry entry = {.verb = OP_COPY, .origin = row->id, .target = copying->to};

	if (!row_copy(store, row, copying->to, &entry.subject, error) ||
	    !journal_op(store, journal, &spec, &entry.op, error) ||
	    !op_join(store, entry.op, entry.subject, row->id, error) ||
	    !journal_note(store, journal, &entry, error))
		return FALSE;
	if (copying->copies)
		g_array_append_val(copying->copies, entry.subject);
	return TRUE;
}

gboolean
store_journal_copy(struct store *store, const msgid *ids, guint n, gint64 to, GArray *copies, gint64 *step,
                   GError **error)
{
	struct copying copying = {to, copies};
	struct journal journal;
	guint had = copies ? copies->len : 0;

	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	if (journal_end(store, &journal,
	                folder_is_usable(store, to, error) &&
	                        each_row(store, &journal, ids, n, copy_one, &copying, error),
	                error))
		return TRUE;
	if (copies)
		g_array_set_size(copies, had);
	return FALSE;
}

struct transferring {
	const char *target, *key;
	gboolean move;
};

static gboolean
transfer_one(struct store *store, struct journal *journal, struct row_state *row, gpointer user,
             GError **error)
{
	const struct transferring *what = user;
	struct op_spec spec = {.verb = OP_TRANSFER,
	                       .folder = row->folder,
	                       .add = what->move,
	                       .arg = what->target,
	                       .key = what->key};
	struct entry entry = {.verb = OP_TRANSFER,
	                      .subject = row->id,
	                      .origin = row->folder,
	                      .added = what->move,
	                      .text1 = what->key,
	                      .text2 = what->target};

	return journal_op(store, journal, &spec, &entry.op, error) &&
	       op_join(store, entry.op, row->id, 0, error) &&
	       (!what->move || limbo_put(store, row, entry.op, error)) &&
	       journal_note(store, journal, &entry, error);
}

gboolean
store_journal_transfer(struct store *store, const msgid *ids, guint n, const char *target, gboolean move,
                       const char *key, gint64 *step, GError **error)
{
	struct transferring what = {target, key && *key ? key : NULL, move != 0};
	struct journal journal;

	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	return journal_end(store, &journal, each_row(store, &journal, ids, n, transfer_one, &what, error),
	                   error);
}
