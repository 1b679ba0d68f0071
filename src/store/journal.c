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
	if (!store_begin(store, TRUE, error))
		return FALSE;
	if (journal->had && !store_number(store, last, VALUES(journal->had), 0, &journal->seq, error)) {
		store_rollback(store);
		return FALSE;
	}
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
	ok = store_leave(store, TRUE, ok, error);
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

	/* Each append is a message of its own. */
	for (guint i = spec->verb == OP_APPEND ? journal->made->len : 0; i < journal->made->len; i++) {
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

static gboolean
can_be_overtaken(const struct op_link *last)
{
	return last->op && (last->state == OP_WAITING || last->state == OP_HELD || last->state == OP_FAILED);
}

/* A copy is yet to be made of the row. */
#define COPIED(ID) \
	" AND NOT EXISTS (SELECT 1 FROM op_row JOIN op ON op.id = op_row.op WHERE op_row.source = " ID \
	" AND op.verb = 2)"
G_STATIC_ASSERT(OP_COPY == 2);

static gboolean
is_copied(struct store *store, msgid id, gboolean *copied, GError **error)
{
	static const char sql[] = "SELECT NOT (1" COPIED("?1") ")";
	gint64 yes;

	if (!store_number(store, sql, VALUES(id), 0, &yes, error))
		return FALSE;
	*copied = yes != 0;
	return TRUE;
}

/* Whether an op in last's place may as well stand at the end: nothing behind last is about the same row, or
 * the one it is copied from, or about all that is in a folder, which would then come first. What failed has
 * been taken back and stands for nothing. */
static gboolean
may_go_last(struct store *store, msgid id, const struct op_link *last, gboolean *may, GError **error)
{
	static const char sql[] =
	        "SELECT NOT EXISTS (SELECT 1 FROM op WHERE id > ?1 AND (verb IN (5, 8) OR upto > 0))"
	        " AND NOT EXISTS (SELECT 1 FROM op_row WHERE op > ?1 AND id IN (?2, ?3))" COPIED("?2");
	gint64 yes = 1;

	G_STATIC_ASSERT(OP_EMPTY == 5 && OP_REMOVE == 8);
	*may = can_be_overtaken(last);
	if (!*may || last->state == OP_FAILED)
		return TRUE;
	if (!store_number(store, sql, VALUES(last->op, id, last->verb == OP_COPY ? last->source : id), 0,
	                  &yes, error))
		return FALSE;
	*may = yes != 0;
	return TRUE;
}

/* An op for row from where it will be when its turn comes. */
static gboolean
move_op(struct store *store, struct journal *journal, struct op_spec *spec, const struct row_state *row,
        gint64 origin, gint64 *op, GError **error)
{
	return journal_op(store, journal, spec, op, error) && op_join(store, *op, row->id, origin, error);
}

/* The server has not got it yet: it shall come to folder to at once. Later ops stand behind the new one. */
static gboolean
redirect(struct store *store, struct journal *journal, struct row_state *row, const struct op_link *last,
         gint64 to, gint64 *op, GError **error)
{
	const struct op_spec spec = {.verb = last->verb,
	                             .state = last->state == OP_HELD ? OP_HELD : OP_WAITING,
	                             .folder = last->verb == OP_COPY ? last->folder : 0,
	                             .to = to,
	                             .key = last->key};

	return op_leave(store, last->op, row->id, error) && journal_op(store, journal, &spec, op, error) &&
	       op_join(store, *op, row->id, last->source, error) && row_send(store, row, to, error);
}

/* Takes the moves from the end of the row's chain that one from *from to another folder makes needless. *last
 * is what it stands behind then; *origin the folder that showed it before those. */
static gboolean
shorten(struct store *store, msgid id, struct op_link *last, gboolean *over, gint64 *origin, GError **error)
{
	for (;;) {
		if (!op_last_move(store, id, TRUE, last, error) || !may_go_last(store, id, last, over, error))
			return FALSE;
		if (!*over || last->verb != OP_MOVE)
			return TRUE;
		*origin = last->source;
		g_clear_pointer(&last->key, g_free);
		if (!op_leave(store, last->op, id, error))
			return FALSE;
	}
}

gboolean
journal_move_row(struct store *store, struct journal *journal, struct row_state *row, gint64 to, gint64 *op,
                 GError **error)
{
	struct op_spec spec = {.verb = OP_MOVE, .to = to};
	gint64 origin = row->folder;
	struct op_link last = {0};
	struct spot spot = {0};
	gboolean over, ok;

	*op = 0;
	if (row->folder == to)
		return TRUE;
	ok = place_of(store, row, &spot, error) && shorten(store, row->id, &last, &over, &origin, error);
	spec.folder = last.op ? last.to : spot.folder ? spot.folder : row->folder;
	/* It comes there, or is there, by itself. */
	if (ok && spec.folder == to)
		ok = row_send(store, row, to, error);
	else if (ok && over)
		ok = redirect(store, journal, row, &last, to, op, error);
	else if (ok)
		ok = move_op(store, journal, &spec, row, origin, op, error) &&
		     row_send(store, row, to, error);
	g_free(spot.file);
	g_free(last.key);
	return ok;
}

/* Takes all that was to happen to the row before from its chain, as far as that has not begun. *last is what
 * the purge stands behind then; *here: there will be something to purge. */
static gboolean
cut_short(struct store *store, msgid id, struct op_link *last, gboolean *here, GError **error)
{
	gboolean copied;

	*here = TRUE;
	if (!is_copied(store, id, &copied, error))
		return FALSE;
	for (;;) {
		if (!op_last_move(store, id, TRUE, last, error))
			return FALSE;
		/* What never was on the server has to come there when something is copied of it. */
		if (!can_be_overtaken(last) || (last->verb != OP_MOVE && copied))
			return TRUE;
		*here = last->verb != OP_APPEND && last->verb != OP_COPY;
		g_clear_pointer(&last->key, g_free);
		if (!op_leave(store, last->op, id, error))
			return FALSE;
	}
}

gboolean
journal_purge_row(struct store *store, struct journal *journal, struct row_state *row, gint64 *op,
                  GError **error)
{
	struct op_spec spec = {.verb = OP_PURGE};
	gint64 origin = row->folder;
	struct op_link last = {0};
	struct spot spot = {0};
	gboolean here, ok;

	*op = 0;
	ok = place_of(store, row, &spot, error) && cut_short(store, row->id, &last, &here, error);
	spec.folder = last.op ? last.to : spot.folder ? spot.folder : row->folder;
	ok = ok && (!here || move_op(store, journal, &spec, row, origin, op, error)) &&
	     /* What never was on the server is none of its affairs. */
	     limbo_put(store, row, here ? *op : LIMBO_MADE_HERE, error);
	g_free(spot.file);
	g_free(last.key);
	return ok;
}

gboolean
journal_append_row(struct store *store, struct journal *journal, struct row_state *row, gint64 folder,
                   GError **error)
{
	const struct op_spec spec = {.verb = OP_APPEND, .to = folder};
	gint64 op;

	return journal_op(store, journal, &spec, &op, error) && op_join(store, op, row->id, 0, error) &&
	       identity_forget(store, row->id, error) && row_send(store, row, folder, error);
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
			fulmar_fail(error, FULMAR_FAILED, _("The message %lld is not in the store any more"),
			            (long long)ids[i]);
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
	if (last.verb == OP_COPY && can_be_overtaken(&last))
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
	       op_join(store, entry.op, row->id, row->folder, error) &&
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
