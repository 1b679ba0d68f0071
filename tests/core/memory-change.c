#include "memory-private.h"

#include <string.h>

#include "base/error.h"

/* The journal's verbs on a server in memory. */

static void
add_told(struct pending *p, enum news news, msgid id, gint64 folder, const struct folder *f, guint64 uid)
{
	struct told told = {news, id, folder, f ? f->uidvalidity : 0, uid};

	g_array_append_val(p->told, told);
}

/* What one row of an op comes to. */
static void
apply_row(struct backend *b, struct pending *p, const struct store_op *op, guint i, struct folder *to)
{
	msgid id = g_array_index(op->ids, msgid, i);
	guint64 no = b->server->no_uidplus ? 0 : G_MAXUINT64, uid;
	struct folder *f;
	struct message *m =
	        memory_place(b, op->verb == OP_COPY ? g_array_index(op->sources, msgid, i) : id, &f);

	if (op->verb == OP_FLAG && m) {
		memory_set_flags(m, op);
	} else if (op->verb == OP_PURGE) {
		if (m)
			g_ptr_array_remove(f->messages, m);
		add_told(p, NEWS_PURGED, id, 0, NULL, 0);
	} else if (op->verb == OP_MOVE && !m) {
		add_told(p, NEWS_GONE, id, 0, NULL, 0);
	} else if (op->verb == OP_MOVE) {
		uid = memory_put(to, m->bytes, m->received, m->flags, m->keywords);
		g_ptr_array_remove(f->messages, m);
		add_told(p, NEWS_MOVED, id, op->to, to, uid & no);
	} else if (op->verb == OP_COPY && m) {
		uid = memory_put(to, m->bytes, m->received, m->flags, m->keywords);
		add_told(p, NEWS_MOVED, id, op->to, to, uid & no);
	} else if (op->verb == OP_COPY) {
		add_told(p, NEWS_GONE, id, 0, NULL, 0);
	}
}

static void
append_row(struct backend *b, struct pending *p, const struct store_op *op, guint i, struct folder *to)
{
	msgid id = g_array_index(op->ids, msgid, i);
	g_autoptr(GBytes) bytes = store_part(b->env->store, id, "", NULL);
	struct store_row *row = store_row(b->env->store, id, NULL);
	guint64 uid;

	g_assert_nonnull(bytes);
	uid = memory_put(to, bytes, row->received, row->flags, row->keywords);
	add_told(p, NEWS_MOVED, id, op->to, to, b->server->no_uidplus ? 0 : uid);
	store_row_free(row);
}

/* Somebody took it elsewhere before; that has not come about yet. */
static gboolean
is_meant(struct backend *b, const struct store_op *op, const struct folder *f, guint64 uid)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	msgid row = store_id_by_uid(b->env->store, op->folder, uid, NULL);

	g_assert_true(store_ops(b->env->store, FALSE, 0, ops, NULL));
	for (guint i = 0; row && i < ops->len; i++) {
		const struct store_op *other = ops->pdata[i];

		for (guint j = 0; other->id < op->id && j < other->ids->len; j++)
			if (g_array_index(other->ids, msgid, j) == row &&
			    (other->verb == OP_MOVE || other->verb == OP_TRANSFER))
				return FALSE;
	}
	return TRUE;
}

/* All below upto. */
static void
apply_range(struct backend *b, struct folder *f, struct pending *p, const struct store_op *op)
{
	for (guint i = 0; f && i < f->messages->len;) {
		struct message *m = f->messages->pdata[i];

		if (m->uid >= op->upto || !is_meant(b, op, f, m->uid)) {
			i++;
		} else if (op->verb == OP_FLAG) {
			memory_set_flags(m, op);
			i++;
		} else {
			g_ptr_array_remove_index(f->messages, i);
		}
	}
	for (guint i = 0; op->verb == OP_EMPTY && i < op->ids->len; i++)
		add_told(p, NEWS_PURGED, g_array_index(op->ids, msgid, i), 0, NULL, 0);
}

static void
apply_folder(struct server *s, const struct store_op *op, const char *wire)
{
	struct folder *f = wire ? memory_folder(s, wire) : NULL;

	if (op->verb == OP_CREATE && !f)
		memory_folder_new(s, wire)->subscribed = TRUE;
	else if (op->verb == OP_RENAME && f)
		memory_rename(s, wire, op->arg);
	else if (op->verb == OP_REMOVE && f)
		g_ptr_array_remove(s->folders, f);
	else if (op->verb == OP_SUBSCRIBE && f)
		f->subscribed = op->add;
}

static char *
wire_of(struct backend *b, gint64 id)
{
	struct store_folder *row = id ? store_folder_by_id(b->env->store, id, NULL) : NULL;
	char *wire = row ? g_strdup(row->wire) : NULL;

	store_folder_free(row);
	return wire;
}

/* TRUE: some of the messages are under UIDs that nobody has told yet. */
static gboolean
lacks_uids(struct backend *b, struct pending *p, const struct store_op *op)
{
	const GArray *ids = op->verb == OP_COPY ? op->sources : op->ids;
	gint64 folder;
	guint64 uid;

	for (guint i = 0; i < ids->len && op->verb != OP_EMPTY && op->verb != OP_APPEND; i++)
		if (store_place(b->env->store, g_array_index(ids, msgid, i), &folder, &uid, NULL, NULL) ==
		            1 &&
		    !uid) {
			g_clear_error(&p->error);
			fulmar_fail(&p->error, FULMAR_CANCELLED, "not named yet");
			return TRUE;
		}
	return FALSE;
}

/* What goes for good is kept here for a while. */
static void
fetch_before(struct backend *b, const struct store_op *op)
{
	for (guint i = 0; i < op->ids->len; i++) {
		msgid id = g_array_index(op->ids, msgid, i);
		struct folder *f;
		struct message *m = memory_place(b, id, &f);

		if (m && !store_has_part(b->env->store, id, ""))
			g_assert_true(store_part_put(b->env->store, id, "", g_bytes_get_data(m->bytes, NULL),
			                             g_bytes_get_size(m->bytes), FALSE, NULL));
	}
}

/* TRUE: error says what is missing. Called locked. */
static gboolean
lacks_target(struct pending *p, const struct store_op *op, const struct folder *to, const char *name)
{
	if (to || (op->verb != OP_MOVE && op->verb != OP_COPY && op->verb != OP_APPEND))
		return FALSE;
	g_clear_error(&p->error);
	fulmar_fail(&p->error, FULMAR_FAILED, "there is no folder %s", name);
	return TRUE;
}

static void
note(const char *what, const struct store_op *op, const char *from, const char *to)
{
	g_autoptr(GString) ids = g_string_new(NULL);

	for (guint i = 0; i < op->ids->len; i++)
		g_string_append_printf(ids, " %" G_GINT64_FORMAT, g_array_index(op->ids, msgid, i));
	g_test_message("%s %" G_GINT64_FORMAT " %s %s → %s +%u -%u +%s -%s below %" G_GUINT64_FORMAT ":%s",
	               what, op->id, op_verb_names[op->verb], from ? from : "", to ? to : op->arg, op->add,
	               op->remove, op->keywords_add, op->keywords_remove, op->upto, ids->str);
}

void
memory_replay(struct backend *b, const struct store_op *op, backend_done done, void *user)
{
	struct pending *p = memory_begin(b, done, user);
	g_autofree char *from = wire_of(b, op->folder), *target = wire_of(b, op->to);
	gboolean rows = op->verb != OP_EMPTY && op->ids->len, range = op->verb == OP_EMPTY || op->upto;
	struct folder *to;
	guint n;

	g_assert_cmpint(op->verb, !=, OP_TRANSFER);
	note("replay", op, from, target);
	p->op = op->id;
	memory_lock();
	n = memory_meet(b, p, rows ? op->ids->len : 1);
	to = target ? memory_folder(b->server, target) : NULL;
	if (n && (lacks_target(p, op, to, target) || lacks_uids(b, p, op)))
		n = 0;
	if (n && op->verb == OP_PURGE)
		fetch_before(b, op);
	for (guint i = 0; rows && i < n; i++) {
		if (op->verb == OP_APPEND)
			append_row(b, p, op, i, to);
		else
			apply_row(b, p, op, i, to);
	}
	if (n && range)
		apply_range(b, from ? memory_folder(b->server, from) : NULL, p, op);
	else if (!rows && n)
		apply_folder(b->server, op, op->verb == OP_CREATE ? target : from);
	memory_release();
}

/* ---- after a crash ---- */

/* The message of the row in to, from mark on, that no row of ours has. */
static guint64
find(struct backend *b, const struct store_op *op, msgid id, struct folder *to, GHashTable *taken)
{
	struct store_row *row = store_row(b->env->store, id, NULL);
	guint64 found = 0;

	for (guint i = 0; row && to && i < to->messages->len && !found; i++) {
		const struct message *m = to->messages->pdata[i];
		msgid other = store_id_by_uid(b->env->store, op->to, m->uid, NULL);

		/* A younger row may have been made for what was seen before it was known to be ours. */
		if (m->uid >= op->mark && !strcmp(m->id, row->message_id) &&
		    (!other || other == id || (other > id && store_shown_since(b->env->store, other, op))) &&
		    !g_hash_table_contains(taken, &m->uid)) {
			found = m->uid;
			g_hash_table_add(taken, (gpointer)&m->uid);
		}
	}
	store_row_free(row);
	return found;
}

static void
check_row(struct backend *b, struct pending *p, const struct store_op *op, guint i, struct folder *to,
          GHashTable *taken)
{
	msgid id = g_array_index(op->ids, msgid, i);
	struct folder *f;
	struct message *m = memory_place(b, id, &f);
	guint64 uid;

	if (op->verb == OP_PURGE) {
		if (!m)
			add_told(p, NEWS_PURGED, id, 0, NULL, 0);
		return;
	}
	if (op->verb == OP_MOVE && m)
		return;
	uid = find(b, op, id, to, taken);
	if (uid)
		add_told(p, NEWS_MOVED, id, op->to, to, uid);
	else if (op->verb == OP_MOVE)
		add_told(p, NEWS_GONE, id, 0, NULL, 0);
}

void
memory_check(struct backend *b, const struct store_op *op, backend_done done, void *user)
{
	struct pending *p = memory_begin(b, done, user);
	g_autoptr(GHashTable) taken = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_autofree char *target = wire_of(b, op->to);
	struct folder *to;
	guint n;

	g_assert_cmpint(op->verb, !=, OP_FLAG);
	g_assert_cmpint(op->verb, !=, OP_SUBSCRIBE);
	note("check", op, "", target);
	p->op = op->id;
	memory_lock();
	n = memory_meet(b, p, op->ids->len);
	to = target ? memory_folder(b->server, target) : NULL;
	for (guint i = 0; i < n && op->verb != OP_EMPTY; i++)
		check_row(b, p, op, i, to, taken);
	memory_release();
}
