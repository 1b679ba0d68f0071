/* Journalling, and carrying out what was journalled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "drive.h"

/* ---- journalling ---- */

void
do_flag(struct drive *d, char **w)
{
	g_autoptr(GArray) ids = ids_of(w[1]);
	GError *error = NULL;
	gint64 step = 0;

	store_journal_flags(d->store, (const msgid *)(void *)ids->data, ids->len, (guint)atoi(w[2]),
	                    (guint)atoi(w[3]), w[4], NULL, &step, &error);
	finish(d, error);
}

void
do_all(struct drive *d, char **w)
{
	GError *error = NULL;
	gint64 step = 0;

	store_journal_flag_all(d->store, folder_of(d, w[1]), (guint)atoi(w[2]), (guint)atoi(w[3]), &step,
	                       &error);
	finish(d, error);
}

void
do_move(struct drive *d, char **w)
{
	g_autoptr(GArray) ids = ids_of(w[1]);
	GError *error = NULL;
	gint64 step = 0;

	store_journal_move(d->store, (const msgid *)(void *)ids->data, ids->len, folder_of(d, w[2]), &step,
	                   &error);
	finish(d, error);
}

void
do_copy(struct drive *d, char **w)
{
	g_autoptr(GArray) ids = ids_of(w[1]);
	GError *error = NULL;
	gint64 step = 0;

	store_journal_copy(d->store, (const msgid *)(void *)ids->data, ids->len, folder_of(d, w[2]), NULL,
	                   &step, &error);
	finish(d, error);
}

void
do_purge(struct drive *d, char **w)
{
	g_autoptr(GArray) ids = ids_of(w[1]);
	GError *error = NULL;
	gint64 step = 0;

	store_journal_purge(d->store, (const msgid *)(void *)ids->data, ids->len, &step, &error);
	finish(d, error);
}

void
do_empty(struct drive *d, char **w)
{
	GError *error = NULL;
	gint64 step = 0;

	store_journal_empty(d->store, folder_of(d, w[1]), &step, &error);
	finish(d, error);
}

/* w: PATH WHEN FLAGS LENGTH; old: the row that it replaces, or 0. */
static void
put(struct drive *d, msgid old, char **w)
{
	gsize len = (gsize)atoll(w[3]);
	char *text = g_malloc(len + 1);
	g_autoptr(GBytes) bytes = NULL;
	struct envelope envelope;
	struct store_message message;
	GError *error = NULL;
	gint64 step = 0;

	if (fread(text, 1, len, stdin) != len)
		g_error("the message is cut");
	text[len] = '\0';
	bytes = g_bytes_new_take(text, len);
	envelope_from_headers(&envelope, text, len);
	message = (struct store_message){
	        .received = atoll(w[1]), .size = len, .flags = (guint)atoi(w[2]), .envelope = &envelope};
	if (old)
		store_journal_replace(d->store, old, folder_of(d, w[0]), &message, bytes, &step, &error);
	else
		store_journal_append(d->store, folder_of(d, w[0]), &message, bytes, "", &step, &error);
	envelope_clear(&envelope);
	finish(d, error);
}

void
do_append(struct drive *d, char **w)
{
	put(d, 0, w + 1);
}

void
do_replace(struct drive *d, char **w)
{
	put(d, atoll(w[1]), w + 2);
}

void
do_create(struct drive *d, char **w)
{
	struct store_folder folder = {.path = w[1], .subscribed = TRUE};
	GError *error = NULL;
	gint64 step = 0;

	if (backend_imap.name_folder(d->backend, w[1], &folder.wire, &folder.delimiter, &error))
		store_journal_create(d->store, &folder, w[2], &step, &error);
	g_free(folder.wire);
	finish(d, error);
}

void
do_rename(struct drive *d, char **w)
{
	g_autofree char *wire = NULL;
	GError *error = NULL;
	char delimiter;
	gint64 step = 0;

	if (backend_imap.name_folder(d->backend, w[2], &wire, &delimiter, &error))
		store_journal_rename(d->store, folder_of(d, w[1]), w[2], wire, &step, &error);
	finish(d, error);
}

void
do_remove(struct drive *d, char **w)
{
	GError *error = NULL;
	gint64 step = 0;

	store_journal_remove(d->store, folder_of(d, w[1]), &step, &error);
	finish(d, error);
}

void
do_subscribe(struct drive *d, char **w)
{
	GError *error = NULL;
	gint64 step = 0;

	store_journal_subscribe(d->store, folder_of(d, w[1]), atoi(w[2]), &step, &error);
	finish(d, error);
}

/* The last step. */
void
do_undo(struct drive *d, char **w)
{
	GError *error = NULL;

	store_undo_take_back(d->store, 0, NULL, NULL, &error);
	finish(d, error);
}

/* ---- carrying out ---- */

/* Ops that go out as one. */
struct group {
	struct store_op *op;
	GArray *ops; /* gint64 */
	struct result result;
};

static void
settle(struct drive *d, gint64 op, const GError *e)
{
	GError *error = NULL;

	if (!e)
		store_op_done(d->store, op, &error);
	else if (e->code != FULMAR_NO_LINK && e->code != FULMAR_CANCELLED)
		store_op_set(d->store, op, OP_FAILED, e->message, 0, &error);
	else
		store_op_set(d->store, op, d->up ? OP_WAITING : OP_CHECKING, NULL, 0, &error);
	if (error)
		g_error("%s", error->message);
}

static struct group *
group_of(GPtrArray *groups, const struct store_op *op, gboolean join)
{
	struct group *group;

	for (guint i = 0; join && i < groups->len; i++) {
		group = groups->pdata[i];
		if (group->op->verb == op->verb && group->op->folder == op->folder &&
		    group->op->to == op->to && group->op->add == op->add && group->op->remove == op->remove)
			return group;
	}
	return NULL;
}

static void
add_op(struct drive *d, GPtrArray *groups, struct store_op *op, gboolean join)
{
	struct group *group = group_of(groups, op, join);
	struct store_op *now;
	gint64 id = op->id;

	store_op_set(d->store, id, OP_RUNNING, NULL, 0, NULL);
	now = store_op(d->store, id, NULL);
	op->mark = now->mark;
	op->attempts = now->attempts;
	store_op_free(now);
	if (group) {
		g_array_append_vals(group->op->ids, op->ids->data, op->ids->len);
		g_array_append_vals(group->op->sources, op->sources->data, op->sources->len);
		group->op->id = 0;
		store_op_free(op);
	} else {
		group = g_new0(struct group, 1);
		group->op = op;
		group->ops = g_array_new(FALSE, FALSE, sizeof(gint64));
		g_ptr_array_add(groups, group);
	}
	g_array_append_val(group->ops, id);
}

static void
end_group(struct drive *d, struct group *group)
{
	for (guint i = 0; i < group->ops->len; i++)
		settle(d, g_array_index(group->ops, gint64, i), group->result.error);
	put_error(d->out, group->result.error);
	g_string_append(d->out, ", ");
	g_clear_error(&group->result.error);
	store_op_free(group->op);
	g_array_unref(group->ops);
	g_free(group);
}

/* All that are ready at once, as the journal does; "join": those that are alike as one. */
void
do_run(struct drive *d, char **w)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new();
	g_autoptr(GPtrArray) groups = g_ptr_array_new();

	if (d->up)
		store_ops(d->store, TRUE, g_get_real_time() / G_USEC_PER_SEC, ops, NULL);
	for (guint i = 0; i < ops->len; i++)
		add_op(d, groups, ops->pdata[i], !strcmp(w[0], "join"));
	for (guint i = 0; i < groups->len; i++) {
		struct group *group = groups->pdata[i];

		backend_imap.replay(d->backend, group->op, on_done, &group->result);
	}
	g_string_append_c(d->out, '[');
	for (guint i = 0; i < groups->len; i++)
		wait_for(d, &((struct group *)groups->pdata[i])->result);
	for (guint i = 0; i < groups->len; i++)
		end_group(d, groups->pdata[i]);
	end_list(d->out);
}

void
do_retry(struct drive *d, char **w)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	GError *error = NULL;

	store_ops(d->store, FALSE, 0, ops, &error);
	for (guint i = 0; !error && i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if (op->state == OP_FAILED)
			store_op_set(d->store, op->id, OP_WAITING, NULL, 0, &error);
	}
	finish(d, error);
}

static void
end_check(struct drive *d, const struct store_op *op, struct result *result)
{
	struct store_op *left;

	wait_for(d, result);
	put_error(d->out, result->error);
	g_string_append(d->out, ", ");
	left = store_op(d->store, op->id, NULL);
	if (left && !result->error && op->ids->len && !left->ids->len && !left->sources->len)
		store_op_done(d->store, op->id, NULL);
	else if (left)
		store_op_set(d->store, op->id, result->error ? OP_CHECKING : OP_WAITING, NULL, 0, NULL);
	g_clear_pointer(&left, store_op_free);
	g_clear_error(&result->error);
}

/* What a crash left under way is nobody's. */
static void
left_checking(struct drive *d, struct store_op *op)
{
	if (op->state != OP_RUNNING)
		return;
	store_op_set(d->store, op->id, OP_CHECKING, NULL, 0, NULL);
	op->state = OP_CHECKING;
}

/* All at once, as the journal does. */
void
do_check(struct drive *d, char **w)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	g_autofree struct result *results = NULL;

	store_ops(d->store, FALSE, 0, ops, NULL);
	results = g_new0(struct result, ops->len);
	for (guint i = 0; i < ops->len; i++)
		left_checking(d, ops->pdata[i]);
	for (guint i = 0; i < ops->len; i++)
		if (((struct store_op *)ops->pdata[i])->state == OP_CHECKING)
			backend_imap.check(d->backend, ops->pdata[i], on_done, &results[i]);
	g_string_append_c(d->out, '[');
	for (guint i = 0; i < ops->len; i++)
		if (((struct store_op *)ops->pdata[i])->state == OP_CHECKING)
			end_check(d, ops->pdata[i], &results[i]);
	end_list(d->out);
}
