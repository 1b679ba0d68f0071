/* Lives in random steps: a person acts, a server carries out what it may, the program ends in between, undo
 * takes steps back. What is seen must always be what the actions say, and in the end the server has just
 * that. */
#include <stdlib.h>
#include <string.h>
#include "base/files.h"
#include "fake-server.h"
#include "store-util.h"

#define STEPS 200

enum mode {
	UIDS = 1,    /* the server tells new UIDs */
	CRASHES = 2, /* the program ends at any time */
	REFUSALS = 4,
	OTHERS = 8, /* other clients act too */
	BODIES = 16 /* all messages are here in full */
};

struct life {
	char *dir;
	struct store *store;
	struct server *server;
	GRand *rand;
	guint mode;
	guint contents, folders;
	GPtrArray *past; /* what was seen before each step that undo can take back */
	GString *log;
};

static void
must(gboolean ok, GError *error)
{
	g_assert_no_error(error);
	g_assert_true(ok);
}

static gboolean
chance(struct life *life, int one_in)
{
	return g_rand_int_range(life->rand, 0, one_in) == 0;
}

/* ---- what is seen ---- */

struct seen {
	msgid id;
	gint64 folder;
	guint content, flags;
};

static GArray *
see(struct life *life)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct seen));
	g_autoptr(GPtrArray) folders = store_folders(life->store, NULL);

	for (guint i = 0; i < folders->len; i++) {
		gint64 folder = ((struct store_folder *)folders->pdata[i])->id;
		g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

		g_assert_true(store_rows(life->store, folder, NULL, TRUE, 100000, rows, NULL));
		for (guint j = 0; j < rows->len; j++) {
			const struct store_row *row = rows->pdata[j];
			struct seen seen = {row->id, folder, content_of(row), row->flags};

			g_array_append_val(all, seen);
		}
	}
	return all;
}

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* As store_print does it, for what the actions say. */
static char *
print(struct life *life, const GArray *all)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) folders = store_folders(life->store, NULL);

	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];

		g_ptr_array_add(lines, g_strdup_printf("%s%s", folder->path, folder->subscribed ? " +" : ""));
		for (guint j = 0; j < all->len; j++) {
			const struct seen *seen = &g_array_index(all, struct seen, j);

			if (seen->folder == folder->id)
				g_ptr_array_add(lines, g_strdup_printf("%s %u %u", folder->path,
				                                       seen->content, seen->flags));
		}
	}
	g_ptr_array_sort(lines, by_text);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("\n", (char **)lines->pdata);
}

/* What there is of each message in text: of its number. */
static GHashTable *
count_contents(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GHashTable *counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", 3);
		gpointer n = g_strv_length(words) == 3 ? g_hash_table_lookup(counts, words[1]) : NULL;

		if (g_strv_length(words) == 3)
			g_hash_table_insert(counts, g_strdup(words[1]),
			                    GUINT_TO_POINTER(GPOINTER_TO_UINT(n) + 1));
	}
	return counts;
}

/* Copies of one message that are not told apart by UIDs may take each other's places, also those of which one
 * is seen no more and yet to go: of them only where they are counts, not which of them has which flags. */
static char *
without_twins(struct life *life, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *server = server_print(life->server);
	g_autoptr(GHashTable) counts = count_contents(text), there = count_contents(server);
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);

	if ((life->mode & UIDS) && !(life->mode & CRASHES))
		return g_strdup(text);
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", 3);
		gboolean twin = g_strv_length(words) == 3 &&
		                (GPOINTER_TO_UINT(g_hash_table_lookup(counts, words[1])) > 1 ||
		                 GPOINTER_TO_UINT(g_hash_table_lookup(there, words[1])) > 1);

		g_ptr_array_add(out, twin ? g_strdup_printf("%s %s ?", words[0], words[1]) : g_strdup(*line));
	}
	g_ptr_array_sort(out, by_text);
	g_ptr_array_add(out, NULL);
	return g_strjoinv("\n", (char **)out->pdata);
}

static void
assert_same(struct life *life, const char *what, const char *expected, const char *found)
{
	g_autofree char *a = without_twins(life, expected), *b = without_twins(life, found);

	if (strcmp(a, b) != 0)
		g_error("%s in %s:\n%s\n---- expected\n%s\n---- found\n%s", what, life->dir, life->log->str,
		        a, b);
}

static void
assert_seen(struct life *life, const char *what, const char *expected)
{
	g_autofree char *now = store_print(life->store);

	assert_same(life, what, expected, now);
}

/* ---- what a person does ---- */

static gint64
some_folder(struct life *life)
{
	g_autoptr(GPtrArray) folders = store_folders(life->store, NULL);

	return ((struct store_folder *)folders->pdata[g_rand_int_range(life->rand, 0, (gint32)folders->len)])
	        ->id;
}

static char *
path_of(struct life *life, gint64 folder)
{
	struct store_folder *row = store_folder_by_id(life->store, folder, NULL);
	char *path = g_strdup(row->path);

	store_folder_free(row);
	return path;
}

/* Some of what is seen: its indices. */
static GArray *
choose(struct life *life, const GArray *all, GArray *ids)
{
	GArray *chosen = g_array_new(FALSE, FALSE, sizeof(guint));
	guint n = (guint)g_rand_int_range(life->rand, 1, 5);

	for (guint i = 0; all->len && i < n; i++) {
		guint at = (guint)g_rand_int_range(life->rand, 0, (gint32)all->len);
		msgid id = g_array_index(all, struct seen, at).id;
		gboolean twice = FALSE;

		for (guint j = 0; j < ids->len; j++)
			twice = twice || g_array_index(ids, msgid, j) == id;
		if (twice)
			continue;
		g_array_append_val(chosen, at);
		g_array_append_val(ids, id);
	}
	return chosen;
}

static struct seen *
seen_at(GArray *all, const GArray *chosen, guint i)
{
	return &g_array_index(all, struct seen, g_array_index(chosen, guint, i));
}

static void
drop_seen(GArray *all, gint64 folder)
{
	for (guint i = 0; i < all->len; i++)
		if (g_array_index(all, struct seen, i).folder == folder)
			g_array_remove_index(all, i--);
}

static void
log_ids(struct life *life, const char *what, const GArray *ids, gint64 to)
{
	g_string_append_printf(life->log, "%s to %" G_GINT64_FORMAT ":", what, to);
	for (guint i = 0; i < ids->len; i++)
		g_string_append_printf(life->log, " %" G_GINT64_FORMAT, g_array_index(ids, msgid, i));
	g_string_append_c(life->log, '\n');
}

static void
act_flags(struct life *life, GArray *all, gint64 *step)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GArray) chosen = choose(life, all, ids);
	guint add = (guint)g_rand_int_range(life->rand, 0, 16),
	      remove = (guint)g_rand_int_range(life->rand, 0, 16);
	GError *error = NULL;

	for (guint i = 0; i < chosen->len; i++) {
		struct seen *seen = seen_at(all, chosen, i);

		seen->flags = (seen->flags | (add & ~remove)) & ~remove;
	}
	g_string_append_printf(life->log, "flags +%u -%u\n", add, remove);
	log_ids(life, " of", ids, 0);
	must(store_journal_flags(life->store, (msgid *)ids->data, ids->len, add, remove, NULL, NULL, step,
	                         &error),
	     error);
}

static void
act_flag_all(struct life *life, GArray *all, gint64 *step)
{
	gint64 folder = some_folder(life);
	GError *error = NULL;

	for (guint i = 0; i < all->len; i++)
		if (g_array_index(all, struct seen, i).folder == folder)
			g_array_index(all, struct seen, i).flags |= FLAG_SEEN;
	g_string_append_printf(life->log, "all seen in %" G_GINT64_FORMAT "\n", folder);
	must(store_journal_flag_all(life->store, folder, FLAG_SEEN, 0, step, &error), error);
}

static void
act_move(struct life *life, GArray *all, gint64 *step)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GArray) chosen = choose(life, all, ids);
	gint64 to = some_folder(life);
	GError *error = NULL;

	for (guint i = 0; i < chosen->len; i++)
		seen_at(all, chosen, i)->folder = to;
	log_ids(life, "move", ids, to);
	must(store_journal_move(life->store, (msgid *)ids->data, ids->len, to, step, &error), error);
}

static void
act_copy(struct life *life, GArray *all, gint64 *step)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GArray) chosen = choose(life, all, ids);
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));
	gint64 to = some_folder(life);
	GError *error = NULL;

	log_ids(life, "copy", ids, to);
	must(store_journal_copy(life->store, (msgid *)ids->data, ids->len, to, copies, step, &error), error);
	g_assert_cmpuint(copies->len, ==, ids->len);
	for (guint i = 0; i < chosen->len; i++) {
		struct seen copy = *seen_at(all, chosen, i);

		copy.id = g_array_index(copies, msgid, i);
		copy.folder = to;
		copy.flags &= ~(guint)FLAG_DELETED;
		g_array_append_val(all, copy);
	}
}

static void
act_purge(struct life *life, GArray *all, gint64 *step)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GArray) chosen = choose(life, all, ids);
	GError *error = NULL;

	for (guint i = 0; i < chosen->len; i++)
		seen_at(all, chosen, i)->folder = 0;
	log_ids(life, "purge", ids, 0);
	must(store_journal_purge(life->store, (msgid *)ids->data, ids->len, step, &error), error);
}

/* replaced: the row instead of which it comes, or 0. */
static void
make(struct life *life, GArray *all, gint64 to, msgid replaced, gint64 *step)
{
	guint content = ++life->contents;
	g_autoptr(GBytes) body = content_body(content);
	struct seen seen = {0, to, content, FLAG_DRAFT};
	struct envelope envelope;
	struct store_message message = {.received = 100000 + content,
	                                .size = g_bytes_get_size(body),
	                                .flags = FLAG_DRAFT | FLAG_DELETED};
	GError *error = NULL;

	envelope_from_headers(&envelope, g_bytes_get_data(body, NULL), g_bytes_get_size(body));
	message.envelope = &envelope;
	seen.id = replaced ? store_journal_replace(life->store, replaced, to, &message, body, step, &error)
	                   : store_journal_append(life->store, to, &message, body, NULL, step, &error);
	must(seen.id > 0, error);
	g_string_append_printf(life->log,
	                       "append %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
	                       " instead of %" G_GINT64_FORMAT "\n",
	                       seen.id, to, replaced);
	envelope_clear(&envelope);
	g_array_append_val(all, seen);
}

static void
act_append(struct life *life, GArray *all, gint64 *step)
{
	make(life, all, some_folder(life), 0, step);
}

/* What a refused op was to replace by old, or 0. It is seen again, until a newer one takes old's turn. */
static msgid
refused_for(struct life *life, msgid old)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	g_assert_true(store_ops(life->store, FALSE, 0, ops, NULL));
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if (op->verb == OP_REPLACE && op->state == OP_FAILED && op->sources->len && op->ids->len &&
		    g_array_index(op->ids, msgid, 0) == old)
			return g_array_index(op->sources, msgid, 0);
	}
	return 0;
}

static void
hide(GArray *all, msgid id)
{
	for (guint i = 0; i < all->len; i++)
		if (g_array_index(all, struct seen, i).id == id)
			g_array_index(all, struct seen, i).folder = 0;
}

/* Mostly what was written here before, as a draft is. */
static void
act_replace(struct life *life, GArray *all, gint64 *step)
{
	struct seen old = {0};
	struct store_row *row;
	msgid first;

	for (guint i = 0; i < all->len; i++)
		if (g_array_index(all, struct seen, i).id > old.id)
			old = g_array_index(all, struct seen, i);
	if (all->len && chance(life, 3))
		old = g_array_index(all, struct seen, g_rand_int_range(life->rand, 0, (gint32)all->len));
	if (!old.id)
		return;
	hide(all, old.id);
	first = refused_for(life, old.id);
	make(life, all, chance(life, 4) ? some_folder(life) : old.folder, old.id, step);
	row = first ? store_row(life->store, first, NULL) : NULL;
	if (row && !row->folder)
		hide(all, first);
	g_clear_pointer(&row, store_row_free);
}

static void
act_empty(struct life *life, GArray *all, gint64 *step)
{
	gint64 folder = some_folder(life);
	GError *error = NULL;

	drop_seen(all, folder);
	g_string_append_printf(life->log, "empty %" G_GINT64_FORMAT "\n", folder);
	must(store_journal_empty(life->store, folder, step, &error), error);
}

static void
act_create(struct life *life, GArray *all, gint64 *step)
{
	g_autofree char *path = g_strdup_printf("F%u", ++life->folders);
	g_autofree char *above = path_of(life, some_folder(life)),
	                *below = g_strconcat(above, "/", path, NULL);
	struct store_folder folder = {.path = chance(life, 2) ? path : below, .delimiter = '/'};
	GError *error = NULL;

	folder.wire = folder.path;
	must(store_journal_create(life->store, &folder, "", step, &error), error);
	g_string_append_printf(life->log, "create %s %" G_GINT64_FORMAT "\n", folder.path, folder.id);
}

static void
act_rename(struct life *life, GArray *all, gint64 *step)
{
	g_autofree char *path = g_strdup_printf("R%u", ++life->folders);
	gint64 folder = some_folder(life);
	g_autofree char *old = path_of(life, folder);
	GError *error = NULL;

	if (strcmp(old, "INBOX") == 0)
		return;
	g_string_append_printf(life->log, "rename %s to %s\n", old, path);
	must(store_journal_rename(life->store, folder, path, path, step, &error), error);
}

static void
act_remove(struct life *life, GArray *all, gint64 *step)
{
	gint64 folder = some_folder(life);
	g_autofree char *path = path_of(life, folder);
	GError *error = NULL;

	if (strcmp(path, "INBOX") == 0)
		return;
	drop_seen(all, folder);
	g_string_append_printf(life->log, "remove %s %" G_GINT64_FORMAT "\n", path, folder);
	must(store_journal_remove(life->store, folder, step, &error), error);
}

static void
act_subscribe(struct life *life, GArray *all, gint64 *step)
{
	gint64 folder = some_folder(life);
	gboolean on = chance(life, 2);
	GError *error = NULL;

	g_string_append_printf(life->log, "subscribe %" G_GINT64_FORMAT " %d\n", folder, on);
	must(store_journal_subscribe(life->store, folder, on, step, &error), error);
}

static const struct {
	void (*act)(struct life *life, GArray *all, gint64 *step);
	int weight;
} acts[] = {
        {act_flags, 6},  {act_move, 8},     {act_copy, 3},      {act_purge, 3},
        {act_append, 3}, {act_flag_all, 1}, {act_empty, 1},     {act_create, 1},
        {act_rename, 1}, {act_remove, 1},   {act_subscribe, 1}, {act_replace, 5},
};

static void
act(struct life *life)
{
	g_autoptr(GArray) all = see(life);
	char *before = store_print(life->store);
	g_autofree char *expected = NULL;
	gint64 step = 0;
	int at, sum = 0;

	for (guint i = 0; i < G_N_ELEMENTS(acts); i++)
		sum += acts[i].weight;
	at = g_rand_int_range(life->rand, 0, sum);
	for (guint i = 0; i < G_N_ELEMENTS(acts); i++) {
		at -= acts[i].weight;
		if (at >= 0)
			continue;
		acts[i].act(life, all, &step);
		break;
	}
	expected = print(life, all);
	assert_seen(life, "after an action", expected);
	if (step)
		g_ptr_array_add(life->past, before);
	else
		g_free(before);
}

/* ---- undo ---- */

static void
take_back(struct life *life)
{
	g_autofree char *before = NULL;
	struct store_undo *undo;
	GError *error = NULL;
	struct store_undone undone = {0};

	if (!life->past->len)
		return;
	before = g_ptr_array_steal_index(life->past, life->past->len - 1);
	undo = store_last_undo(life->store, NULL);
	g_string_append_printf(life->log, "undo %s of %u (%s)\n", undo->verb, undo->n, undo->target);
	store_undo_free(undo);
	if (!store_undo_take_back(life->store, 0, &undone, NULL, &error)) {
		/* Under way, or something else is in it by now: nothing has changed. */
		g_string_append_printf(life->log, "  not possible: %s\n", error->message);
		g_clear_error(&error);
		g_ptr_array_set_size(life->past, 0);
		return;
	}
	if (!(life->mode & (REFUSALS | OTHERS)) && (life->mode & BODIES)) {
		g_assert_cmpuint(undone.lost, ==, 0);
		assert_seen(life, "after undo", before);
	}
}

/* ---- the server ---- */

/* What was under way is nobody's. */
static void
leave_checking(struct life *life)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	GError *error = NULL;

	must(store_ops(life->store, FALSE, 0, ops, &error), error);
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if (op->state == OP_RUNNING)
			must(store_op_set(life->store, op->id, OP_CHECKING, NULL, 0, &error), error);
	}
}

static void
reopen(struct life *life)
{
	GError *error = NULL;

	store_close(life->store);
	check_store(life->dir);
	life->store = store_open(life->dir, STORE_WRITE, &error);
	must(life->store != NULL, error);
	leave_checking(life);
}

static void
check_ops(struct life *life)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	g_assert_true(store_ops(life->store, FALSE, 0, ops, NULL));
	for (guint i = 0; i < ops->len; i++)
		if (((struct store_op *)ops->pdata[i])->state == OP_CHECKING)
			server_check(life->server, life->store, ops->pdata[i]);
}

/* Carries out one op that may run, whichever. FALSE: there is none. */
static gboolean
carry_out_one(struct life *life, gboolean fair)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	struct weather weather = {(life->mode & UIDS) != 0, FALSE, -1, FALSE};
	const struct store_op *op;

	check_ops(life);
	g_assert_true(store_ops(life->store, TRUE, 0, ops, NULL));
	if (!ops->len)
		return FALSE;
	op = ops->pdata[g_rand_int_range(life->rand, 0, (gint32)ops->len)];
	if (!fair && (life->mode & CRASHES) && chance(life, 4)) {
		weather.crash = g_rand_int_range(life->rand, 0, 5);
		weather.heard = chance(life, 2);
	}
	weather.refuse = !fair && (life->mode & REFUSALS) && chance(life, 4);
	g_string_append_printf(life->log,
	                       "  op %" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT "->%" G_GINT64_FORMAT
	                       ", %u rows%s crash %d\n",
	                       op->id, op_verb_names[op->verb], op->folder, op->to, op->ids->len,
	                       weather.refuse ? ", refused" : "", weather.crash);
	log_ids(life, "    rows", op->ids, op->to);
	if (!server_carry_out(life->server, life->store, op, &weather))
		reopen(life);
	/* Of a folder that was never opened no UID can be told. */
	else if (op->verb >= OP_CREATE && op->verb <= OP_SUBSCRIBE)
		server_sync(life->server, life->store);
	return TRUE;
}

static void
settle_failures(struct life *life, gboolean all)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	g_assert_true(store_ops(life->store, FALSE, 0, ops, NULL));
	for (guint i = ops->len; i-- > 0;) {
		const struct store_op *op = ops->pdata[i];

		if (op->state != OP_FAILED || (!all && chance(life, 2)))
			continue;
		/* Not again when its folder is gone. */
		if (chance(life, 2) && store_op_set(life->store, op->id, OP_WAITING, NULL, 0, NULL)) {
			g_string_append_printf(life->log, "retry %" G_GINT64_FORMAT "\n", op->id);
		} else {
			g_string_append_printf(life->log, "drop %" G_GINT64_FORMAT "\n", op->id);
			/* Refused for a folder in which other things wait. */
			store_op_drop(life->store, op->id, NULL);
		}
	}
}

/* After an end of the program what came of an op may be seen beside what it was to be, until that was
 * checked. */
static gboolean
is_doubtful(struct life *life)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	gboolean doubtful = FALSE;

	g_assert_true(store_ops(life->store, FALSE, 0, ops, NULL));
	for (guint i = 0; i < ops->len; i++)
		doubtful = doubtful || ((struct store_op *)ops->pdata[i])->state == OP_CHECKING;
	return doubtful;
}

/* What the server does, or tells, changes nothing that is seen when nobody else acts and it refuses nothing.
 */
static void
world(struct life *life)
{
	gboolean calm = !(life->mode & (REFUSALS | OTHERS));
	g_autofree char *before = store_print(life->store);

	if ((life->mode & OTHERS) && chance(life, 2)) {
		server_meddle(life->server, life->rand);
		g_string_append(life->log, "another client\n");
	}
	if ((life->mode & OTHERS) && chance(life, 40)) {
		server_renumber(life->server, life->rand);
		g_string_append(life->log, "renumbered\n");
	}
	if (chance(life, 3)) {
		if (chance(life, 2))
			check_ops(life);
		g_string_append(life->log, "sync\n");
		server_sync(life->server, life->store);
		if (calm && !is_doubtful(life))
			assert_seen(life, "after a sync", before);
	}
	if ((life->mode & CRASHES) && chance(life, 10))
		reopen(life);
	for (int i = g_rand_int_range(life->rand, 0, 3); i > 0; i--) {
		carry_out_one(life, FALSE);
		if (calm && !is_doubtful(life))
			assert_seen(life, "after an op", before);
	}
	check_ops(life);
	if (life->mode & REFUSALS)
		settle_failures(life, FALSE);
}

static void
settle(struct life *life)
{
	gint64 failed = 1;

	for (guint round = 0; round < 60 && (failed || store_ops_waiting(life->store, NULL)); round++) {
		server_sync(life->server, life->store);
		for (guint i = 0; i < 1000 && carry_out_one(life, TRUE); i++)
			;
		settle_failures(life, TRUE);
		store_ops_waiting(life->store, &failed);
	}
	for (guint i = 0; i < 4; i++)
		server_sync(life->server, life->store);
	if (failed || store_ops_waiting(life->store, NULL))
		g_error("ops are left in %s:\n%s", life->dir, life->log->str);
}

/* ---- lives ---- */

static void
give_bodies(struct life *life)
{
	g_autoptr(GArray) all = see(life);

	for (guint i = 0; i < all->len; i++) {
		const struct seen *seen = &g_array_index(all, struct seen, i);
		g_autoptr(GBytes) body = content_body(seen->content);
		gsize len;
		const char *bytes = g_bytes_get_data(body, &len);

		g_assert_true(store_part_put(life->store, seen->id, "", bytes, len, FALSE, NULL));
	}
}

static void
begin_life(struct life *life, guint mode, guint32 seed)
{
	static const char *const names[] = {"INBOX", "Archive", "Lists", "Lists/a", "Trash"};
	GError *error = NULL;

	*life = (struct life){.mode = mode, .rand = g_rand_new_with_seed(seed)};
	life->dir = files_private_tmp(&error);
	life->store = store_open(life->dir, STORE_WRITE, &error);
	must(life->store != NULL, error);
	life->server = server_new();
	life->past = g_ptr_array_new_with_free_func(g_free);
	life->log = g_string_new(NULL);
	g_string_append_printf(life->log, "mode %u, seed %u\n", mode, seed);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		server_make_folder(life->server, names[i]);
	for (guint i = 0; i < 16; i++)
		server_deliver(life->server, names[g_rand_int_range(life->rand, 0, G_N_ELEMENTS(names))],
		               ++life->contents, (guint)g_rand_int_range(life->rand, 0, 16));
	server_sync(life->server, life->store);
	if (mode & BODIES)
		give_bodies(life);
}

static void
end_life(struct life *life)
{
	store_close(life->store);
	check_store(life->dir);
	files_remove_tree(life->dir);
	server_free(life->server);
	g_rand_free(life->rand);
	g_ptr_array_unref(life->past);
	g_string_free(life->log, TRUE);
	g_free(life->dir);
}

static void
live(guint mode, guint32 seed)
{
	struct life life;
	g_autofree char *seen = NULL, *there = NULL, *before = NULL;

	begin_life(&life, mode, seed);
	for (guint i = 0; i < STEPS; i++) {
		if (chance(&life, 5))
			take_back(&life);
		else
			act(&life);
		world(&life);
		if (i % 20 == 0)
			check_store(life.dir);
	}
	before = store_print(life.store);
	settle(&life);
	seen = store_print(life.store);
	there = server_print(life.server);
	assert_same(&life, "in the end", there, seen);
	if (!(mode & (REFUSALS | OTHERS)))
		assert_same(&life, "what was wished", before, seen);
	end_life(&life);
}

/* How often each kind of life is led, and where the dice begin: the same each time, unless $FULMAR_TEST_LIVES
 * says how many others to try. */
static guint
tries(void)
{
	const char *many = g_getenv("FULMAR_TEST_LIVES");

	return many ? (guint)atoi(many) : 0;
}

static guint32
seed_of(guint i)
{
	return tries() ? (guint32)g_test_rand_int() : i;
}

static void
lives(gconstpointer data)
{
	for (guint i = 0; i < MAX(tries(), 1); i++)
		live(GPOINTER_TO_UINT(data), seed_of(i));
}

/* ---- forty actions and forty undos ---- */

static void
undo_all(guint32 seed, guint mode)
{
	struct life life;
	g_autofree char *before = NULL, *seen = NULL, *there = NULL;

	begin_life(&life, mode | BODIES, seed);
	before = server_print(life.server);
	for (guint i = 0; i < 40; i++) {
		act(&life);
		if (mode & UIDS)
			world(&life);
	}
	if (mode & UIDS)
		settle(&life);
	while (life.past->len)
		take_back(&life);
	assert_seen(&life, "after all undos", before);
	settle(&life);
	seen = store_print(life.store);
	there = server_print(life.server);
	assert_same(&life, "seen in the end", before, seen);
	assert_same(&life, "there in the end", before, there);
	end_life(&life);
}

static void
all_can_be_undone_before_it_went_out(void)
{
	for (guint i = 0; i < MAX(tries(), 2); i++)
		undo_all(seed_of(i), 0);
}

static void
all_can_be_undone_after_it_went_out(void)
{
	for (guint i = 0; i < MAX(tries(), 2); i++)
		undo_all(seed_of(i), UIDS);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		guint mode;
	} modes[] = {
	        {"calm", UIDS | BODIES},
	        {"calm-without-uids", BODIES},
	        {"headers-only", UIDS},
	        {"crashes", UIDS | CRASHES | BODIES},
	        {"crashes-without-uids", CRASHES | BODIES},
	        {"refusals", UIDS | REFUSALS | BODIES},
	        {"others", UIDS | OTHERS},
	        {"others-without-uids", OTHERS},
	        {"all", UIDS | CRASHES | REFUSALS | OTHERS},
	        {"all-without-uids", CRASHES | REFUSALS | OTHERS | BODIES},
	};

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/replay/undo-before", all_can_be_undone_before_it_went_out);
	g_test_add_func("/store/replay/undo-after", all_can_be_undone_after_it_went_out);
	for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
		g_autofree char *path = g_strconcat("/store/replay/", modes[i].name, NULL);

		g_test_add_data_func(path, GUINT_TO_POINTER(modes[i].mode), lives);
	}
	return g_test_run();
}
