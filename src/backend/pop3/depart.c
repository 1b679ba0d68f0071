#include "backend/pop3/visit.h"

#include "base/error.h"
#include "base/log.h"

/* The end of a visit. What is to go from the server, and is not wholly here, is fetched; then it is noted, on
 * the disk, that it goes; then it is deleted; then comes QUIT, with which the server does it. A visit that
 * ends anywhere before leaves everything there, and one that ends after has its deletions looked at by the
 * next: what is listed still is deleted once more. */

enum { BODIES_AT_ONCE = 250 };

struct departure {
	struct visit *v;
	struct conf_leave leave;
	gint64 inbox, now;
	GArray *due;     /* gint64: rows of table maildrop that go */
	GArray *bodies;  /* msgid: theirs, 0: there is none any more */
	GArray *lacking; /* msgid: whose bodies are to come first */
};

static void
want(struct departure *d, const struct drop_item *item, msgid msg)
{
	if (!item->gone && d->lacking->len < BODIES_AT_ONCE)
		g_array_append_val(d->lacking, msg);
}

static void
judge(const struct store_drop *drop, void *user)
{
	struct departure *d = user;
	struct drop_item *item = pop3_list_item(d->v->list, drop->id);

	if (!item || item->deleted)
		return;
	switch (leave_verdict(&d->leave, drop, d->inbox, d->now)) {
	case LEAVE_THERE:
		break;
	case LEAVE_FETCH:
		want(d, item, drop->msg);
		break;
	case LEAVE_DELETE:
		g_array_append_val(d->due, drop->id);
		g_array_append_val(d->bodies, drop->msg);
		break;
	}
}

/* What the store says is not enough: a body that is not on the disk any more is fetched again before the
 * server's goes. */
static void
look_at_bodies(struct departure *d)
{
	guint kept = 0;

	for (guint i = 0; i < d->due->len; i++) {
		gint64 row = g_array_index(d->due, gint64, i);
		msgid msg = g_array_index(d->bodies, msgid, i);

		if (!msg || store_has_part(d->v->b->env->store, msg, ""))
			g_array_index(d->due, gint64, kept++) = row;
		else
			want(d, pop3_list_item(d->v->list, row), msg);
	}
	g_array_set_size(d->due, kept);
}

/* Where all stays, what was to go before is all there is to look for. */
static gboolean
has_any(const struct departure *d)
{
	const struct drop_list *list = d->v->list;

	if (d->leave.what != LEAVE_FOREVER)
		return list->items->len > 0;
	for (guint i = 0; i < list->items->len; i++)
		if (g_array_index(list->items, struct drop_item, i).state != DROP_KEPT)
			return TRUE;
	return FALSE;
}

/* Messages of which copies wait. Those that are not there, by whatever name, hold them up no longer. */
static gboolean
find_sources(struct departure *d, GError **error)
{
	struct store *store = d->v->b->env->store;
	g_autoptr(GArray) away = g_array_new(FALSE, FALSE, sizeof(gint64));
	gboolean ok = store_copies_lack(store, BODIES_AT_ONCE, d->lacking, error);

	for (guint i = 0; ok && i < d->lacking->len; i++) {
		struct store_drop drop;
		int found = store_drop_of(store, g_array_index(d->lacking, msgid, i), &drop, error);

		ok = found >= 0;
		if (found <= 0)
			continue;
		g_free((char *)drop.uidl);
		if (!d->v->list->known && !pop3_list_item(d->v->list, drop.id))
			g_array_append_val(away, drop.id);
	}
	return ok && (!away->len || store_drop_set_state(store, (const gint64 *)(void *)away->data, away->len,
	                                                 DROP_AWAY, error));
}

static gboolean
find(struct departure *d, GError **error)
{
	struct backend *b = d->v->b;

	if (!conf_leave_parse(b->env->account->leave_on_server, &d->leave))
		d->leave.what = LEAVE_FOREVER;
	d->now = g_get_real_time() / G_USEC_PER_SEC;
	d->inbox = pop3_inbox(b, error);
	if (!d->inbox || (has_any(d) && !store_drops(b->env->store, judge, d, error)))
		return FALSE;
	look_at_bodies(d);
	return d->lacking->len || find_sources(d, error);
}

/* ---- the end ---- */

static void
quit_end(struct visit *v, struct pop3_cmd *cmd, const GError *error)
{
	if (!cmd->answered)
		return;
	if (error)
		log_note(LOG_POP3, "%s: at QUIT: %s", v->b->env->account->id, error->message);
	pop3_left(v);
}

static const struct pop3_reply quit_reply = {.end = quit_end};

static void
quit(struct visit *v)
{
	struct pop3_cmd *cmd = pop3_cmd_new(POP3_STATUS, &quit_reply, NULL, "QUIT");

	cmd->alone = TRUE;
	v->quitting = TRUE;
	pop3_send(v, cmd);
	pop3_pump(v);
}

static void
deleted_end(struct visit *v, struct pop3_cmd *cmd, const GError *error)
{
	if (error && cmd->answered)
		log_note(LOG_POP3, "%s: %s", v->b->env->account->id, error->message);
	if (!--v->deletions && cmd->answered)
		quit(v);
}

static const struct pop3_reply dele_reply = {.end = deleted_end};

static gboolean
delete_all(struct departure *d, GError **error)
{
	struct visit *v = d->v;

	if (!d->due->len)
		return TRUE;
	if (!store_drop_set_state(v->b->env->store, (const gint64 *)(void *)d->due->data, d->due->len,
	                          DROP_SENT, error))
		return FALSE;
	for (guint i = 0; i < d->due->len; i++) {
		struct drop_item *item = pop3_list_item(v->list, g_array_index(d->due, gint64, i));

		item->deleted = v->deleted = TRUE;
		item->state = DROP_SENT;
		v->deletions++;
		pop3_send(v, pop3_cmd_new(POP3_STATUS, &dele_reply, NULL, "DELE %u", item->n));
	}
	pop3_pump(v);
	return TRUE;
}

static void prepare(struct visit *v);

/* Those that could not be had are not asked for again. */
static void
bodies_done(const GError *error, void *user)
{
	struct visit *v = user;

	if (v->conn && v->depart)
		prepare(v);
}

static gboolean
fetch(struct departure *d)
{
	struct visit *v = d->v;
	struct task *task = task_new(&v->tasks, bodies_done, v);
	gboolean any = FALSE;

	for (guint i = 0; i < d->lacking->len; i++)
		any |= pop3_want_body(v, g_array_index(d->lacking, msgid, i), task);
	pop3_pump(v);
	task_release(task, NULL);
	return any;
}

static void
prepare(struct visit *v)
{
	struct departure d = {.v = v};
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) due = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_autoptr(GArray) bodies = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GArray) lacking = g_array_new(FALSE, FALSE, sizeof(msgid));

	d.due = due;
	d.bodies = bodies;
	d.lacking = lacking;
	if (v->list && v->list->listed && !find(&d, &error))
		log_note(LOG_POP3, "%s: %s", v->b->env->account->id, error->message);
	if (!error && d.lacking->len && fetch(&d))
		return;
	if (!error && !delete_all(&d, &error))
		log_note(LOG_POP3, "%s: %s", v->b->env->account->id, error->message);
	if (!v->deletions)
		quit(v);
}

void
pop3_depart(struct backend *b, backend_done done, void *user)
{
	struct visit *v = b->visit;

	if (!v || !v->conn || v->phase != VISIT_READY) {
		pop3_end(b, NULL, done, user);
		return;
	}
	v->phase = VISIT_LEAVING;
	v->quitting = v->deleted = FALSE;
	v->deletions = 0;
	v->depart = task_new(&v->tasks, done, user);
	prepare(v);
}
