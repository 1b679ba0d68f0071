#include <string.h>
#include "core/account-private.h"

/* Ops that are alike go out as one: a hundred mails marked one by one are one STORE. */

enum { IDS_MAX = 5000 };

void
batch_free(gpointer data)
{
	struct batch *batch = data;

	store_op_free(batch->op);
	g_array_unref(batch->ops);
	g_free(batch);
}

static gboolean
may_merge(const struct store_op *op)
{
	switch (op->verb) {
	case OP_FLAG:
		return !op->upto;
	case OP_MOVE:
	case OP_COPY:
	case OP_PURGE:
	case OP_APPEND:
		return TRUE;
	case OP_EMPTY:
	case OP_CREATE:
	case OP_RENAME:
	case OP_REMOVE:
	case OP_SUBSCRIBE:
	case OP_TRANSFER:
	case OP_REPLACE:
	case OP_VERBS:
		break;
	}
	return FALSE;
}

/* Those with the same are alike. */
static char *
kind_of(const struct store_op *op)
{
	/* Appends for another account are told to it. */
	int n = op->key ? (int)strcspn(op->key, ":") : 0;

	return g_strdup_printf("%d %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %u %u %s\n%s\n%s\n%.*s",
	                       (int)op->verb, op->folder, op->to, op->add, op->remove, op->keywords_add,
	                       op->keywords_remove, op->arg, n, n ? op->key : "");
}

struct store_op *
op_copy(const struct store_op *op)
{
	struct store_op *copy = g_new(struct store_op, 1);

	*copy = *op;
	copy->ids = g_array_copy(op->ids);
	copy->sources = op->sources ? g_array_copy(op->sources) : NULL;
	copy->keywords_add = g_strdup(op->keywords_add);
	copy->keywords_remove = g_strdup(op->keywords_remove);
	copy->arg = g_strdup(op->arg);
	copy->key = g_strdup(op->key);
	copy->error = g_strdup(op->error);
	return copy;
}

static struct batch *
batch_new(const struct store_op *op)
{
	struct batch *batch = g_new(struct batch, 1);

	batch->op = op_copy(op);
	batch->ops = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(batch->ops, op->id);
	return batch;
}

struct batch *
batch_copy(const struct batch *batch)
{
	struct batch *copy = g_new(struct batch, 1);

	copy->op = op_copy(batch->op);
	copy->ops = g_array_copy(batch->ops);
	return copy;
}

/* The oldest mark is the one from which all of them are found. */
static void
batch_add(struct batch *batch, const struct store_op *op)
{
	struct store_op *sum = batch->op;

	g_array_append_vals(sum->ids, op->ids->data, op->ids->len);
	if (op->sources && op->sources->len)
		g_array_append_vals(sum->sources, op->sources->data, op->sources->len);
	g_array_append_val(batch->ops, op->id);
	sum->n = sum->ids->len;
	sum->id = 0;
	sum->step = sum->step ? sum->step : op->step;
	sum->mark = MIN(sum->mark, op->mark);
	sum->attempts = MAX(sum->attempts, op->attempts);
}

GPtrArray *
batches_of(GPtrArray *ops, GHashTable *alone)
{
	GPtrArray *batches = g_ptr_array_new_with_free_func(batch_free);
	g_autoptr(GHashTable) open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];
		gboolean merges = may_merge(op) && !g_hash_table_contains(alone, &op->id);
		g_autofree char *kind = kind_of(op);
		struct batch *batch = merges ? g_hash_table_lookup(open, kind) : NULL;

		if (batch && batch->op->ids->len + op->ids->len <= IDS_MAX) {
			batch_add(batch, op);
			continue;
		}
		batch = batch_new(op);
		g_ptr_array_add(batches, batch);
		if (merges)
			g_hash_table_replace(open, g_steal_pointer(&kind), batch);
	}
	return batches;
}
