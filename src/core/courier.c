#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/idset.h"
#include "base/loop.h"
#include "core/account-private.h"
#include "mime/lines.h"

/* Carries a transfer. Each pass looks at every message of it once: is its body here, has the other account
 * got it, does the other's server have it? What lacks a body is fetched, what the other server has is purged
 * here. Whatever interrupts a pass, the next one finds out anew how far it came: nothing is done twice. */

/* Each courier has a handle on the other account's store. */
enum { COURIERS_AT_ONCE = 8, LOOK_AGAIN = 15, FETCH_AT_ONCE = 50, FETCH_OCTETS = 2 * 1024 * 1024 };
/* Bodies are made durable together, which halves the waiting for the disk. */
enum { RELEASE_AT_ONCE = 16, RELEASE_OCTETS = 2 * 1024 * 1024 };

enum fate {
	FATE_LACKING,  /* its body is not here */
	FATE_ON_WAY,   /* the other account has it, its server not yet */
	FATE_VERIFIED, /* its server has it, or has had it */
	FATE_LOST      /* the other account dropped it */
};

struct courier {
	struct account *account;
	struct store_op *op;
	const struct conf_account *settings;
	struct store *target;
	GHashTable *map; /* row here → row there */
	/* messages (msgid), each in one of these: */
	GArray *todo; /* to be looked at from at on */
	guint at;
	GArray *lacking, *alone; /* to be fetched; one by one */
	GArray *asked;           /* under way: being fetched or purged */
	GArray *verified;
	GArray *delivered; /* msgid there: bodies that are with the other account, yet to be made durable */
	gsize delivered_octets;
	guint on_way, lost;
	gboolean waits;    /* for the visit that fetches what is lacking */
	gboolean fetching; /* what is lacking is under way */
	GError *trouble;   /* why some are lost, or all */
	GSource *step;
	struct store_op purge; /* of what is verified; its ids are asked */
};

static void next(struct courier *c);

static void
courier_free(struct courier *c)
{
	loop_drop(&c->step);
	store_op_free(c->op);
	g_clear_pointer(&c->target, store_close);
	g_clear_pointer(&c->map, g_hash_table_unref);
	g_array_unref(c->todo);
	g_array_unref(c->lacking);
	g_array_unref(c->alone);
	g_array_unref(c->asked);
	g_array_unref(c->verified);
	g_array_unref(c->delivered);
	g_clear_error(&c->trouble);
	g_free(c);
}

void
courier_stop_all(struct account *a)
{
	g_list_free_full(g_steal_pointer(&a->couriers), (GDestroyNotify)courier_free);
}

/* How many messages there are to carry, -1: it has been undone meanwhile. */
static int
count_left(struct courier *c)
{
	struct store_op *op = store_op(c->account->store, c->op->id, NULL);
	int left = op ? (int)op->ids->len : -1;

	store_op_free(op);
	return left;
}

/* The pass is over: the op goes into state, or with OP_STATES away. Takes error. */
static void
leave(struct courier *c, enum op_state state, gint64 wait, GError *error)
{
	struct account *a = c->account;
	GError *failed = NULL;
	gint64 until = wait ? g_get_real_time() / G_USEC_PER_SEC + wait : 0;
	gboolean ok = state == OP_STATES ? store_op_done(a->store, c->op->id, &failed)
	                                 : store_op_set(a->store, c->op->id, state,
	                                                error ? error->message : NULL, until, &failed);

	if (!ok)
		journal_halt(a, failed);
	if (state == OP_FAILED && count_left(c) >= 0)
		journal_tell(a, c->op->id, error->message);
	g_clear_error(&error);
	journal_tell_op(a, c->op);
	a->couriers = g_list_remove(a->couriers, c);
	if (c->fetching)
		link_show(a);
	g_hash_table_remove(a->busy, &c->op->id);
	courier_free(c);
	journal_released(a);
}

static gboolean
mark_running(struct courier *c)
{
	GError *error = NULL;

	if (c->op->state == OP_RUNNING)
		return TRUE;
	c->op->state = OP_RUNNING;
	c->op->attempts++;
	if (!store_op_set(c->account->store, c->op->id, OP_RUNNING, NULL, 0, &error)) {
		journal_halt(c->account, error);
		leave(c, OP_WAITING, LOOK_AGAIN, NULL);
		return FALSE;
	}
	/* From here on nobody else takes messages out of it. */
	if (count_left(c) == (int)c->op->ids->len)
		return TRUE;
	leave(c, OP_WAITING, 0, NULL);
	return FALSE;
}

/* TRUE: error ended the pass. */
static gboolean
put_off(struct courier *c, const GError *error)
{
	struct account *a = c->account;

	if (!link_may_mend(error))
		return FALSE;
	leave(c, OP_WAITING, a->link == LINK_UP || visits(a) ? replay_wait(c->op->attempts) : 0,
	      g_error_copy(error));
	return TRUE;
}

/* ---- one message ---- */

/* Lets the other account send what it has been given. */
static gboolean
release(struct courier *c, GError **error)
{
	gboolean ok = !c->delivered->len ||
	              store_release_appends(c->target, (const msgid *)(const void *)c->delivered->data,
	                                    c->delivered->len, error);

	if (ok && c->delivered->len)
		bus_wake(c->account->bus, c->settings->id);
	g_array_set_size(c->delivered, 0);
	c->delivered_octets = 0;
	return ok;
}

/* Gives the other account its body: files of local mail may have LF alone. */
static gboolean
deliver(struct courier *c, msgid id, msgid there, GError **error)
{
	struct account *a = c->account;
	g_autoptr(GBytes) raw = store_part(a->store, id, "", error);
	g_autoptr(GBytes) bytes = raw ? lines_with_crlf(raw) : NULL;
	gconstpointer data;
	gsize len;

	if (!bytes) {
		if (error && !*error)
			fulmar_fail(error, FULMAR_FAILED, _("the whole message is not here any more"));
		return FALSE;
	}
	data = g_bytes_get_data(bytes, &len);
	if (!store_part_put(c->target, there, "", data ? data : "", len, FALSE, error))
		return FALSE;
	g_array_append_val(c->delivered, there);
	c->delivered_octets += len;
	return TRUE;
}

static enum fate
fate_of_filed(struct courier *c, msgid there, GError **error)
{
	struct store_row *row = store_row(c->target, there, error);
	enum fate fate = row ? FATE_ON_WAY : FATE_LOST;
	g_autofree char *file = NULL;
	gint64 folder;
	guint64 uid;

	if (row && store_place(c->target, there, &folder, &uid, &file, NULL) == 1 && (uid || file))
		fate = FATE_VERIFIED;
	else if (row && !row->folder) /* its way may have led on from there */
		fate = store_was_there(c->target, there) ? FATE_VERIFIED : FATE_LOST;
	store_row_free(row);
	return fate;
}

/* FALSE: the pass is over, error says why. *carried: it took time. */
static gboolean
look_at(struct courier *c, msgid id, enum fate *fate, gboolean *carried, GError **error)
{
	const gint64 *there = g_hash_table_lookup(c->map, &id);
	g_autofree char *key = transfer_key(c->account, c->op->key, id);
	g_autoptr(GError) failed = NULL;
	struct store_op *append = there ? store_op_by_key(c->target, key, &failed) : NULL;

	if (failed) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return FALSE;
	}
	*fate = FATE_ON_WAY;
	if (!there) {
		*fate = FATE_LOST;
	} else if (!append) {
		*fate = fate_of_filed(c, *there, &failed);
	} else if (append->state == OP_HELD) {
		*carried = store_has_part(c->account->store, id, "");
		if (!*carried)
			*fate = FATE_LACKING;
		else
			deliver(c, id, *there, &failed);
	}
	store_op_free(append);
	if (!failed)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failed));
	return FALSE;
}

static void
count(struct courier *c, msgid id, enum fate fate)
{
	switch (fate) {
	case FATE_LACKING:
		g_array_append_val(c->lacking, id);
		break;
	case FATE_ON_WAY:
		c->on_way++;
		break;
	case FATE_VERIFIED:
		g_array_append_val(c->verified, id);
		break;
	case FATE_LOST:
		c->lost++;
		if (!c->trouble)
			fulmar_fail(&c->trouble, FULMAR_FAILED, _("%s does not take it any more"),
			            c->op->arg);
		break;
	}
}

static gboolean
is_full(const struct courier *c)
{
	return c->at == c->todo->len || c->delivered->len >= RELEASE_AT_ONCE ||
	       c->delivered_octets >= RELEASE_OCTETS;
}

/* Some messages, or one whose body was carried. */
static gboolean
run_step(gpointer user)
{
	enum { LOOKS = 50 };
	struct courier *c = user;
	gboolean carried = FALSE;

	for (guint i = 0; i < LOOKS && c->at < c->todo->len && !carried; i++) {
		msgid id = g_array_index(c->todo, msgid, c->at++);
		enum fate fate;
		GError *error = NULL;

		if (look_at(c, id, &fate, &carried, &error) && (!is_full(c) || release(c, &error))) {
			count(c, id, fate);
			continue;
		}
		leave(c, OP_WAITING, LOOK_AGAIN, error);
		return G_SOURCE_REMOVE;
	}
	if (c->at < c->todo->len)
		return G_SOURCE_CONTINUE;
	g_array_set_size(c->todo, 0);
	c->at = 0;
	loop_drop(&c->step);
	next(c);
	return G_SOURCE_REMOVE;
}

static void
look_around(struct courier *c)
{
	loop_idle(&c->step, c->account->context, run_step, c);
}

/* ---- fetching ---- */

static void
fetched(const GError *error, void *user)
{
	struct courier *c = user;

	if (put_off(c, error))
		return;
	for (guint i = 0; i < c->asked->len; i++) {
		msgid id = g_array_index(c->asked, msgid, i);

		if (store_has_part(c->account->store, id, "")) {
			g_array_append_val(c->todo, id);
		} else if (c->asked->len > 1) {
			g_array_append_val(c->alone, id);
		} else {
			c->lost++;
			if (!c->trouble && error)
				c->trouble = g_error_copy(error);
			else if (!c->trouble)
				fulmar_fail(&c->trouble, FULMAR_FAILED,
				            _("the server did not give the whole message"));
		}
	}
	look_around(c);
}

static void
fetch(struct courier *c)
{
	struct account *a = c->account;
	GArray *from = c->lacking->len ? c->lacking : c->alone;
	guint most = c->lacking->len ? FETCH_AT_ONCE : 1, n = 0;
	const char *sections[FETCH_AT_ONCE];
	guint64 octets = 0;

	while (n < from->len && n < most && octets < FETCH_OCTETS) {
		octets += store_size(a->store, g_array_index(from, msgid, n));
		sections[n++] = "";
	}
	g_array_set_size(c->asked, 0);
	g_array_append_vals(c->asked, from->data, n);
	g_array_remove_range(from, 0, n);
	c->fetching = TRUE;
	link_fetching(a, c->op->folder, c->op->ids->len - n - c->lacking->len - c->alone->len,
	              c->op->ids->len);
	if (n == 1) /* a big one comes in slices that outlive the link */
		a->ops->part(a->backend, g_array_index(c->asked, msgid, 0), "", NULL, fetched, c);
	else
		a->ops->parts(a->backend, (const msgid *)(void *)c->asked->data, sections, n, fetched, c);
}

/* ---- the source goes ---- */

static void
purged(const GError *error, void *user)
{
	struct courier *c = user;
	struct account *a = c->account;
	GError *failed = NULL;

	if (put_off(c, error))
		return;
	if (error) {
		leave(c, OP_FAILED, 0, g_error_copy(error));
		return;
	}
	/* Those that the backend did not name had gone before. */
	for (guint i = 0; i < c->asked->len && !failed; i++)
		store_purged(a->store, c->op->id, g_array_index(c->asked, msgid, i), &failed);
	if (failed)
		leave(c, OP_WAITING, LOOK_AGAIN, failed);
	else
		look_around(c);
}

/* Those of one folder at a time. */
static void
purge(struct courier *c)
{
	struct account *a = c->account;
	g_autoptr(GArray) others = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(msgid));
	struct store_op op = {.id = c->op->id,
	                      .verb = OP_PURGE,
	                      .state = OP_RUNNING,
	                      .ids = c->asked,
	                      .sources = none,
	                      .keywords_add = (char *)"",
	                      .keywords_remove = (char *)"",
	                      .arg = (char *)"",
	                      .key = (char *)""};

	g_array_set_size(c->asked, 0);
	for (guint i = 0; i < c->verified->len; i++) {
		msgid id = g_array_index(c->verified, msgid, i);
		gint64 folder = 0;
		guint64 uid;
		gboolean there = store_place(a->store, id, &folder, &uid, NULL, NULL) == 1;

		if (there && !op.folder)
			op.folder = folder;
		g_array_append_val(there && folder != op.folder ? others : c->asked, id);
	}
	g_array_set_size(c->verified, 0);
	g_array_append_vals(c->verified, others->data, others->len);
	c->purge = op;
	if (op.folder)
		a->ops->replay(a->backend, &c->purge, purged, c);
	else
		purged(NULL, c);
}

/* ---- the pass ---- */

static void
finish(struct courier *c)
{
	if (c->on_way)
		leave(c, OP_WAITING, LOOK_AGAIN, NULL);
	else if (c->lost)
		leave(c, OP_FAILED, 0, g_steal_pointer(&c->trouble));
	else
		leave(c, OP_STATES, 0, NULL);
}

/* What the maildrop has to give is worth a visit. */
static void
await_link(struct courier *c)
{
	struct account *a = c->account;

	if (!visits(a)) {
		leave(c, OP_WAITING, 0, NULL);
		return;
	}
	if (a->offline || a->blocked) {
		leave(c, OP_WAITING, LOOK_AGAIN, a->trouble ? g_error_copy(a->trouble) : NULL);
		return;
	}
	c->waits = TRUE;
	link_want(a);
}

gboolean
courier_fetches(const struct account *a)
{
	for (GList *l = a->couriers; l; l = l->next)
		if (((const struct courier *)l->data)->fetching)
			return TRUE;
	return FALSE;
}

gboolean
courier_waits(const struct account *a)
{
	for (GList *l = a->couriers; l; l = l->next)
		if (((const struct courier *)l->data)->waits)
			return TRUE;
	return FALSE;
}

void
courier_link_changed(struct account *a)
{
	g_autoptr(GList) all = g_list_copy(a->couriers);

	for (GList *l = all; l; l = l->next) {
		struct courier *c = l->data;

		if (!c->waits)
			continue;
		c->waits = FALSE;
		if (a->link == LINK_UP)
			next(c);
		else
			leave(c, OP_WAITING, LOOK_AGAIN, a->trouble ? g_error_copy(a->trouble) : NULL);
	}
}

/* Everything was looked at. */
static void
next(struct courier *c)
{
	gboolean more = c->lacking->len || c->alone->len, gone = c->verified->len && c->op->add == 1;

	if (c->fetching && !more) {
		c->fetching = FALSE;
		link_show(c->account);
	}
	if (!more && !gone)
		finish(c);
	else if (!link_is_ready(c->account) && (more || !visits(c->account)))
		await_link(c);
	else if (!mark_running(c))
		return;
	else if (more)
		fetch(c);
	else
		purge(c);
}

/* As their places there were taken. */
static gint
by_place(gconstpointer a, gconstpointer b, gpointer user)
{
	const gint64 *x = g_hash_table_lookup(user, a), *y = g_hash_table_lookup(user, b);

	return ((x ? *x : 0) > (y ? *y : 0)) - ((x ? *x : 0) < (y ? *y : 0));
}

static struct courier *
courier_new(struct account *a, const struct store_op *op)
{
	struct courier *c = g_new0(struct courier, 1);

	c->account = a;
	c->op = op_copy(op);
	c->map = transfer_map(a, op->key);
	c->todo = g_array_copy(op->ids);
	g_array_sort_with_data(c->todo, by_place, c->map);
	c->lacking = g_array_new(FALSE, FALSE, sizeof(msgid));
	c->alone = g_array_new(FALSE, FALSE, sizeof(msgid));
	c->asked = g_array_new(FALSE, FALSE, sizeof(msgid));
	c->verified = g_array_new(FALSE, FALSE, sizeof(msgid));
	c->delivered = g_array_new(FALSE, FALSE, sizeof(msgid));
	a->couriers = g_list_prepend(a->couriers, c);
	idset_add(a->busy, op->id);
	return c;
}

/* There is nowhere to carry it to. */
static gboolean
give_up(gpointer user)
{
	struct courier *c = user;

	loop_drop(&c->step);
	if (c->settings)
		leave(c, OP_WAITING, LOOK_AGAIN, g_steal_pointer(&c->trouble));
	else
		leave(c, OP_FAILED, 0, g_steal_pointer(&c->trouble));
	return G_SOURCE_REMOVE;
}

void
courier_begin(struct account *a, const struct store_op *op)
{
	struct courier *c = courier_new(a, op);

	c->target = transfer_store(a, op->arg, &c->settings, &c->trouble);
	loop_idle(&c->step, a->context, c->target ? run_step : give_up, c);
}

gboolean
courier_is_free(struct account *a)
{
	return g_list_length(a->couriers) < COURIERS_AT_ONCE;
}

void
courier_hasten(struct account *a)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	GError *error = NULL;
	gboolean ok = store_ops(a->store, FALSE, 0, ops, &error);

	for (guint i = 0; ok && i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if (op->verb == OP_TRANSFER && op->state == OP_WAITING && op->not_before)
			ok = store_op_set(a->store, op->id, OP_WAITING, op->error, 0, &error);
	}
	if (!ok)
		journal_halt(a, error);
	journal_touch(a);
}
