#include "backend/pop3/visit.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"

/* What the server has, asked for once in a visit: it changes for nobody else while we are there. */

enum { MESSAGES_MOST = 1000000, STRINGS_MOST = 64 << 20 };

/* Set while not all is told apart that the server has renamed: a visit may end before. */
#define RENAMED DROPS_RENAMED

static struct drop_item *
item_at(const struct drop_list *list, guint i)
{
	return &g_array_index(list->items, struct drop_item, i);
}

static struct drop_list *
list_new(struct visit *v)
{
	struct drop_list *list = g_new0(struct drop_list, 1);

	list->v = v;
	list->items = g_array_new(FALSE, TRUE, sizeof(struct drop_item));
	list->by_row = g_hash_table_new(g_int64_hash, g_int64_equal);
	list->fresh = g_array_new(FALSE, FALSE, sizeof(guint));
	list->strings = g_string_chunk_new(16384);
	list->waiters = g_ptr_array_new();
	return list;
}

void
pop3_list_free(struct drop_list *list)
{
	g_autoptr(GError) error = NULL;

	if (!list)
		return;
	if (list->v->lost)
		error = g_error_copy(list->v->lost);
	else
		fulmar_fail(&error, FULMAR_CANCELLED, _("called off"));
	for (guint i = 0; i < list->waiters->len; i++)
		task_release(list->waiters->pdata[i], error);
	g_clear_error(&list->error);
	g_clear_error(&list->trouble);
	g_ptr_array_unref(list->waiters);
	drop_known_free(list->known);
	g_string_chunk_free(list->strings);
	g_hash_table_unref(list->by_row);
	g_array_unref(list->fresh);
	g_array_unref(list->items);
	g_free(list);
}

void
pop3_list_bind(struct drop_list *list, struct drop_item *item, gint64 row)
{
	item->row = row;
	g_hash_table_insert(list->by_row, &item->row, GUINT_TO_POINTER((guint)(item - item_at(list, 0)) + 1));
}

struct drop_item *
pop3_list_item(struct drop_list *list, gint64 row)
{
	guint number = GPOINTER_TO_UINT(g_hash_table_lookup(list->by_row, &row));

	return number ? item_at(list, number - 1) : NULL;
}

struct heading {
	struct store *store;
	const char *header;
	gsize len;
};

static gint64
digest_of(guint64 size, void *user)
{
	const struct heading *heading = user;

	return store_drop_digest(heading->store, heading->header, heading->len, size);
}

gint64
pop3_list_meet(struct drop_list *list, struct drop_item *item, gint64 digest, const char *header, gsize len)
{
	struct heading heading = {list->v->b->env->store, header, len};
	gint64 row = item->doubtful ? drop_known_meet(list->known, item->size, digest, &item->state) : 0;

	if (!row && item->doubtful)
		row = drop_known_meet_resized(list->known, item->uidl, digest_of, &heading, &item->state);
	return row;
}

struct drop_item *
pop3_list_fresh(const struct drop_list *list, guint i)
{
	return item_at(list, g_array_index(list->fresh, guint, i));
}

gboolean
pop3_list_awaits(const struct drop_list *list, guint64 uid)
{
	for (guint i = 0; list->waiting && i < list->fresh->len; i++) {
		const struct drop_item *item = pop3_list_fresh(list, i);

		if (!item->row && !item->refused && item->uid < uid)
			return TRUE;
	}
	return FALSE;
}

/* ---- what is known ---- */

static void
add_known(const struct store_drop *drop, void *user)
{
	drop_known_add(user, drop);
}

/* All UIDLs may be others, at once or (when a visit ended early) the rest of them. */
static gboolean
note_renamed(struct drop_list *list, guint met, gboolean *renamed, GError **error)
{
	struct store *store = list->v->b->env->store;
	g_autofree char *was = store_get(store, RENAMED);

	*renamed = (was && *was) ||
	           (list->items->len && !met && !list->v->portions && drop_known_count(list->known));
	if (!*renamed || (was && *was))
		return TRUE;
	log_note(LOG_POP3, "%s: none of the UIDLs is known", list->v->b->env->account->id);
	return store_set(store, RENAMED, "1", error);
}

/* The numbers that the messages get here are in the order of the server's, whatever order they come in. */
static gboolean
number_fresh(struct drop_list *list, GError **error)
{
	struct backend *b = list->v->b;
	struct store *store = b->env->store;
	struct store_folder *inbox = store_folder_by_path(store, "INBOX", error);
	struct pop3_desk desk;
	gboolean ok;

	if (!inbox)
		return FALSE;
	ok = store_begin(store, FALSE, error);
	if (ok && pop3_desk_open(b, inbox->id, &desk, error)) {
		ok = pop3_announced_number(list, &desk, error) && pop3_desk_close(b, &desk, error) &&
		     store_commit(store, error);
		if (ok)
			list->v->waiting_rows = list->fresh->len;
		else
			store_rollback(store);
	} else if (ok) {
		store_rollback(store);
		ok = FALSE;
	}
	store_folder_free(inbox);
	return ok;
}

/* What we had deleted, and is not told any more, is. */
static gboolean
forget_deleted(struct drop_list *list, GError **error)
{
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(gint64));

	drop_known_missed(list->known, DROP_SENT, gone);
	return !gone->len || store_drop_forget(list->v->b->env->store, (const gint64 *)(void *)gone->data,
	                                       gone->len, error);
}

/* The server did not give the header that would have told. */
static gboolean
is_in_doubt(const struct drop_list *list)
{
	for (guint i = 0; i < list->fresh->len; i++) {
		const struct drop_item *item = pop3_list_fresh(list, i);

		if (item->doubtful && !item->row)
			return TRUE;
	}
	return FALSE;
}

static gboolean
settle(struct drop_list *list, GError **error)
{
	struct store *store = list->v->b->env->store;
	g_autofree char *was = store_get(store, RENAMED);
	gboolean ok = is_in_doubt(list) || (forget_deleted(list, error) &&
	                                    (!was || !*was || store_set(store, RENAMED, "", error)));

	g_clear_pointer(&list->known, drop_known_free);
	return ok;
}

gboolean
pop3_list_settle(struct drop_list *list, GError **error)
{
	return !list->known || list->waiting || settle(list, error);
}

/* What was missed once is there again. */
static gboolean
note_back(struct drop_list *list, GError **error)
{
	g_autoptr(GArray) back = g_array_new(FALSE, FALSE, sizeof(gint64));

	for (guint i = 0; i < list->items->len; i++) {
		struct drop_item *item = item_at(list, i);

		if (!item->row || item->state != DROP_AWAY)
			continue;
		item->state = DROP_KEPT;
		g_array_append_val(back, item->row);
	}
	return !back->len || store_drop_set_state(list->v->b->env->store, (const gint64 *)(void *)back->data,
	                                          back->len, DROP_KEPT, error);
}

static gboolean
compare(struct drop_list *list, GError **error)
{
	gboolean renamed, doubts = FALSE;
	guint met;

	list->known = drop_known_new();
	if (!store_drops(list->v->b->env->store, add_known, list->known, error))
		return FALSE;
	list->first = !drop_known_count(list->known);
	met = drop_known_match(list->known, list->items);
	if (!note_renamed(list, met, &renamed, error) || !note_back(list, error))
		return FALSE;
	for (guint i = 0; i < list->items->len; i++) {
		struct drop_item *item = item_at(list, i);

		if (item->row) {
			pop3_list_bind(list, item, item->row);
			continue;
		}
		/* Some servers count other octets tomorrow: a size alone makes no other message. */
		item->doubtful = drop_known_names(list->known, item->uidl) ||
		                 ((renamed || !*item->uidl || drop_known_lacks_nameless(list->known)) &&
		                  drop_known_lacks(list->known, item->size));
		doubts |= item->doubtful;
		g_array_append_val(list->fresh, i);
	}
	list->waiting = list->fresh->len;
	if (!number_fresh(list, error))
		return FALSE;
	return doubts || settle(list, error); /* what is told apart by names is so now */
}

/* ---- asking ---- */

static int
by_number(gconstpointer a, gconstpointer b)
{
	const struct drop_item *x = a, *y = b;

	return x->n < y->n ? -1 : x->n > y->n;
}

static void
list_end(struct visit *v)
{
	struct drop_list *list = v->list;
	g_autoptr(GPtrArray) waiters = NULL;

	list->listed = !list->error;
	if (list->listed && !compare(list, &list->error))
		list->listed = FALSE;
	waiters = g_steal_pointer(&list->waiters);
	list->waiters = g_ptr_array_new();
	for (guint i = 0; i < waiters->len; i++)
		task_release(waiters->pdata[i], list->error);
	if (!list->listed)
		g_clear_pointer(&v->list, pop3_list_free); /* the next may fare better */
}

static void
flight_end(struct visit *v, const GError *error)
{
	struct drop_list *list = v->list;

	if (!list || !v->conn)
		return;
	if (error && !list->error)
		list->error = g_error_copy(error);
	if (!--list->flights)
		list_end(v);
}

/* FALSE: there is no end to what it tells, and the link was dropped. */
static gboolean
counts(struct visit *v)
{
	g_autoptr(GError) error = NULL;

	if (!v->list || ++v->list->lines <= 2 * MESSAGES_MOST)
		return v->list != NULL;
	fulmar_fail(&error, FULMAR_FAILED, _("%s tells of more than %d messages"), v->b->env->account->host,
	            MESSAGES_MOST);
	pop3_drop(v, error);
	return FALSE;
}

static void
sized_line(struct visit *v, struct pop3_cmd *cmd, const char *line, gsize len, gsize whole)
{
	struct drop_item item = {.uidl = ""};
	const char *rest;

	if (!counts(v) || !pop3_numbered(line, &item.n, &rest) || !item.n)
		return;
	if (v->list->items->len >= MESSAGES_MOST) {
		if (!v->list->error)
			fulmar_fail(&v->list->error, FULMAR_FAILED, _("%s tells of more than %d messages"),
			            v->b->env->account->host, MESSAGES_MOST);
		return;
	}
	if (!pop3_octets(rest, &item.size))
		item.size = 0;
	g_array_append_val(v->list->items, item);
}

/* In order, each once, so that the next answer finds them. */
static void
sized_end(struct visit *v, struct pop3_cmd *cmd, const GError *error)
{
	struct drop_list *list = v->list;
	guint kept = 0;

	if (list) {
		g_array_sort(list->items, by_number);
		for (guint i = 0; i < list->items->len; i++)
			if (!kept || item_at(list, kept - 1)->n != item_at(list, i)->n)
				*item_at(list, kept++) = *item_at(list, i);
		g_array_set_size(list->items, kept);
	}
	flight_end(v, error);
}

static struct drop_item *
find_number(struct drop_list *list, guint n)
{
	guint lo = 0, hi = list->items->len;

	if (n && n <= hi && item_at(list, n - 1)->n == n)
		return item_at(list, n - 1);
	while (lo < hi) {
		guint mid = lo + (hi - lo) / 2;

		if (item_at(list, mid)->n < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < list->items->len && item_at(list, lo)->n == n ? item_at(list, lo) : NULL;
}

/* One that cannot be used is none: such messages are told apart by their headers. */
static void
named_line(struct visit *v, struct pop3_cmd *cmd, const char *line, gsize len, gsize whole)
{
	struct drop_list *list = v->list;
	struct drop_item *item;
	const char *rest;
	gsize at;
	guint n;

	if (!counts(v) || !pop3_numbered(line, &n, &rest) || !(item = find_number(list, n)))
		return;
	at = (gsize)(rest - line);
	while (len > at && (line[len - 1] == ' ' || line[len - 1] == '\t')) {
		len--;
		whole--;
	}
	if (!pop3_uidl_is_usable(rest, len - at, whole - at) || list->octets + len > STRINGS_MOST)
		return;
	list->octets += len - at + 1;
	item->uidl = g_string_chunk_insert_len(list->strings, rest, (gssize)(len - at));
}

static void
named_end(struct visit *v, struct pop3_cmd *cmd, const GError *error)
{
	/* A server without: the messages are told apart by their headers. One that has names, and does not
	 * tell them now, must not have them taken for others. */
	gboolean without = error && cmd->answered && error->code == FULMAR_FAILED && !v->caps.uidl;

	flight_end(v, without ? NULL : error);
}

static const struct pop3_reply list_reply = {.line = sized_line, .end = sized_end};
static const struct pop3_reply uidl_reply = {.line = named_line, .end = named_end};

void
pop3_list_want(struct visit *v, struct task *task)
{
	struct drop_list *list = v->list;

	if (list && list->listed)
		return;
	if (!list)
		list = v->list = list_new(v);
	if (task) {
		task_hold(task);
		g_ptr_array_add(list->waiters, task);
	}
	if (list->flights)
		return;
	list->flights = 2;
	pop3_send(v, pop3_cmd_new(POP3_LISTING, &list_reply, NULL, "LIST"));
	pop3_send(v, pop3_cmd_new(POP3_LISTING, &uidl_reply, NULL, "UIDL"));
}
