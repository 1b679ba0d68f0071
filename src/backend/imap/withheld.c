#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"

/* A server that does not give the headers of one message may refuse a whole FETCH for its sake (Yahoo: "NO
 * [UNAVAILABLE] UID FETCH Server error"). Then the range is halved until it is known which one that is. In
 * its place there is a row that says so; it is asked for again at the next open, and with news of the folder
 * while that is open: each time in vain lets twice as much news go by.
 */

enum { BAD_AT_FIRST = 3, BAD_AT_MOST = 100, NEAR = 32, DOUBLED_AT_MOST = 10 };

struct hunt {
	struct backend *b;
	struct task *task; /* or NULL */
	gint64 folder;
	guint64 lo, hi;
	GArray *ranges;        /* struct uidrange still to be asked for, the next one last */
	struct uidset refused; /* UIDs */
	guint news;            /* of them, those that were not known to be so */
	gboolean any;          /* something was given */
	GError *why;           /* what the server said to the whole, or NULL */
	imap_hunted done;
};

gboolean
imap_is_withheld(const struct imap_response *response)
{
	return response && response->status == IMAP_NO &&
	       (!response->code || !strcmp(response->code, "UNAVAILABLE") ||
	        !strcmp(response->code, "SERVERBUG"));
}

/* ---- what is kept of it ---- */

static char *
key_of(gint64 folder)
{
	return g_strdup_printf("withheld.%" G_GINT64_FORMAT, folder);
}

void
imap_withheld_load(struct backend *b)
{
	struct imap_box *box = &b->box;
	g_autofree char *key = key_of(box->folder);
	g_autofree char *text = store_get(b->env->store, key);

	uidset_clear(&box->withheld);
	if (text && !uidset_parse(&box->withheld, text, strlen(text), G_MAXUINT16))
		uidset_clear(&box->withheld);
	for (guint i = 0; i < box->withheld.len; i++)
		uidset_remove(&box->windows, box->withheld.ranges[i].lo, box->withheld.ranges[i].hi);
}

static void
save(struct backend *b)
{
	g_autofree char *key = key_of(b->box.folder), *text = uidset_format(&b->box.withheld);
	g_autoptr(GError) error = NULL;

	if (imap_tx(b) && !store_set(b->env->store, key, *text ? text : NULL, &error))
		imap_drop(b, error);
}

void
imap_withheld_given(struct backend *b, guint64 lo, guint64 hi)
{
	guint64 before = uidset_count(&b->box.withheld);

	uidset_remove(&b->box.withheld, lo, hi);
	if (uidset_count(&b->box.withheld) != before)
		save(b);
}

void
imap_withheld_row(struct backend *b, guint64 uid, const struct envelope *envelope)
{
	g_autoptr(GError) error = NULL;
	msgid id;

	if (!uidset_has(&b->box.withheld, uid))
		return;
	id = store_id_by_uid(b->env->store, b->box.folder, uid, NULL);
	if (id && imap_tx(b) && !store_set_header(b->env->store, id, envelope, &error))
		imap_drop(b, error);
	uidset_remove(&b->box.withheld, uid, uid);
	if (b->conn)
		save(b);
}

/* ---- the row in its place ---- */

/* The time of a message nearby: it is somewhere about there in the list. */
static gint64
time_near(struct backend *b, guint64 uid)
{
	gint64 when = 0;

	for (guint64 d = 1; !when && d <= NEAR; d++)
		for (guint side = 0; !when && side < 2; side++) {
			guint64 other = side ? uid + d : uid - MIN(d, uid);
			msgid id = store_id_by_uid(b->env->store, b->box.folder, other, NULL);
			struct store_row *row = id ? store_row(b->env->store, id, NULL) : NULL;

			when = row ? row->received : 0;
			store_row_free(row);
		}
	return when;
}

static void
put_note(struct backend *b, guint64 uid, const struct imap_fetch *fetch)
{
	struct envelope envelope;
	struct store_message message = {.uid = uid, .envelope = &envelope};
	g_autoptr(GError) error = NULL;

	if (store_id_by_uid(b->env->store, b->box.folder, uid, NULL) || !imap_tx(b))
		return;
	envelope_from_headers(&envelope, "", 0);
	g_free(envelope.subject);
	envelope.subject = g_strdup(_("(the server does not give this message)"));
	if (fetch) {
		message.flags = imap_flags_of(fetch->flags, NULL);
		message.size = fetch->size;
	}
	message.received = fetch && fetch->has_internaldate ? fetch->internaldate : time_near(b, uid);
	if (!store_add(b->env->store, b->box.folder, &message, &error))
		imap_drop(b, error);
	envelope_clear(&envelope);
	b->box.arrivals += b->box.since && uid >= b->box.since;
	b->touched = b->box.folder;
}

static void
hunt_end(struct hunt *hunt, const GError *error)
{
	struct backend *b = hunt->b;

	hunt->done(b, hunt->task, hunt->folder, hunt->lo, hunt->hi, error);
	uidset_clear(&hunt->refused);
	g_array_unref(hunt->ranges);
	g_clear_error(&hunt->why);
	g_free(hunt);
}

static gboolean
is_open(const struct hunt *hunt)
{
	const struct imap_box *box = &hunt->b->box;

	return hunt->b->conn && box->folder == hunt->folder && imap_box_valid(box);
}

static void
basics_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	const struct hunt *hunt = cmd->user;
	struct imap_fetch fetch;

	if (is_open(hunt) && imap_fetch_decode(response, &fetch) && uidset_has(&hunt->refused, fetch.uid))
		put_note(b, fetch.uid, &fetch);
}

static void
basics_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
            const GError *error)
{
	struct hunt *hunt = cmd->user;

	if (!response || !is_open(hunt)) {
		hunt_end(hunt, error ? error : hunt->why);
		return;
	}
	for (guint i = 0; i < hunt->refused.len; i++) {
		struct uidrange r = hunt->refused.ranges[i];

		for (guint64 uid = r.lo; b->conn && uid <= r.hi; uid++)
			put_note(b, uid, NULL);
	}
	hunt_end(hunt, NULL);
}

/* What it does tell of them. */
static void
ask_basics(struct hunt *hunt)
{
	struct backend *b = hunt->b;
	g_autofree char *uids = uidset_format(&hunt->refused);
	struct imap_cmd *cmd = imap_fetch_rows(b, "UID FETCH", uids, "(UID FLAGS INTERNALDATE RFC822.SIZE)",
	                                       0, basics_done, hunt);

	cmd->folder = hunt->folder;
	cmd->on_data = basics_data;
	imap_queue(b, cmd);
}

/* ---- halving ---- */

static void hunt_on(struct hunt *hunt);

static void
push(struct hunt *hunt, guint64 lo, guint64 hi)
{
	struct uidrange range = {lo, hi};

	g_array_append_val(hunt->ranges, range);
}

static void
divide(struct hunt *hunt, guint64 lo, guint64 hi)
{
	guint64 middle = lo + (hi - lo) / 2;

	if (lo < hi) {
		push(hunt, middle + 1, hi); /* the lower ones first, as new mail is counted */
		push(hunt, lo, middle);
		return;
	}
	hunt->news += !uidset_has(&hunt->b->box.withheld, lo);
	uidset_add(&hunt->refused, lo, lo);
}

static void
range_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct hunt *hunt = cmd->user;

	if (!response || !is_open(hunt) || response->status == IMAP_BAD) {
		hunt_end(hunt, error ? error : hunt->why);
		return;
	}
	if (error)
		divide(hunt, cmd->lo, cmd->hi);
	else if (cmd->cut > cmd->lo)
		push(hunt, cmd->lo, cmd->cut - 1);
	hunt->any |= !error;
	hunt_on(hunt);
}

/* From now on these are withheld, and no others of the range. */
static void
settle(struct hunt *hunt)
{
	struct backend *b = hunt->b;

	uidset_remove(&b->box.withheld, hunt->lo, hunt->hi);
	for (guint i = 0; i < hunt->refused.len; i++)
		uidset_add(&b->box.withheld, hunt->refused.ranges[i].lo, hunt->refused.ranges[i].hi);
	save(b);
}

static gboolean
lacks_rows(const struct hunt *hunt)
{
	for (guint i = 0; i < hunt->refused.len; i++)
		for (guint64 uid = hunt->refused.ranges[i].lo; uid <= hunt->refused.ranges[i].hi; uid++)
			if (!store_id_by_uid(hunt->b->env->store, hunt->folder, uid, NULL))
				return TRUE;
	return FALSE;
}

/* A server that gives nothing at all has another trouble. */
static gboolean
is_hopeless(const struct hunt *hunt)
{
	return hunt->news > BAD_AT_MOST || (!hunt->any && hunt->news >= BAD_AT_FIRST);
}

static void
hunt_on(struct hunt *hunt)
{
	struct backend *b = hunt->b;
	struct uidrange next;
	struct imap_cmd *cmd;
	char range[48];

	if (is_hopeless(hunt)) {
		hunt_end(hunt, hunt->why);
		return;
	}
	if (!hunt->ranges->len) {
		settle(hunt);
		if (b->conn && lacks_rows(hunt))
			ask_basics(hunt);
		else
			hunt_end(hunt, b->conn ? NULL : hunt->why);
		return;
	}
	next = g_array_index(hunt->ranges, struct uidrange, hunt->ranges->len - 1);
	g_array_set_size(hunt->ranges, hunt->ranges->len - 1);
	g_snprintf(range, sizeof range, "%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, next.lo, next.hi);
	cmd = imap_fetch_rows(b, "UID FETCH", range, b->row_items, 0, range_done, hunt);
	cmd->folder = hunt->folder;
	cmd->lo = next.lo;
	cmd->hi = next.hi;
	imap_queue(b, cmd);
}

static struct hunt *
hunt_new(struct backend *b, guint64 lo, guint64 hi, imap_hunted done)
{
	struct hunt *hunt = g_new0(struct hunt, 1);

	hunt->b = b;
	hunt->folder = b->box.folder;
	hunt->lo = lo;
	hunt->hi = hi;
	hunt->done = done;
	hunt->ranges = g_array_new(FALSE, FALSE, sizeof(struct uidrange));
	uidset_init(&hunt->refused);
	return hunt;
}

void
imap_withheld_hunt(struct backend *b, struct task *task, guint64 lo, guint64 hi, const GError *why,
                   imap_hunted done)
{
	struct hunt *hunt = hunt_new(b, lo, hi, done);

	hunt->task = task;
	hunt->why = g_error_copy(why);
	divide(hunt, lo, hi);
	hunt_on(hunt);
}

/* ---- again ---- */

static void
asked_again(struct backend *b, struct task *task, gint64 folder, guint64 lo, guint64 hi, const GError *error)
{
	struct imap_box *box = &b->box;
	guint64 left;

	if (box->folder != folder)
		return;
	left = uidset_count(&box->withheld);
	box->in_vain = left < box->hunted ? 0 : MIN(box->in_vain + 1, DOUBLED_AT_MOST);
	box->hunted = 0;
}

void
imap_withheld_again(struct backend *b)
{
	struct imap_box *box = &b->box;
	struct hunt *hunt;
	guint n = 0;

	if (uidset_empty(&box->withheld) || box->hunted || !box->resynced || b->aimed != box->folder)
		return;
	box->news = 0;
	box->hunted = uidset_count(&box->withheld);
	hunt = hunt_new(b, 0, box->withheld.ranges[box->withheld.len - 1].hi, asked_again);
	/* The newest, one by one. */
	for (guint i = box->withheld.len; i-- > 0 && n < BAD_AT_MOST;)
		for (guint64 uid = box->withheld.ranges[i].hi; uid >= box->withheld.ranges[i].lo; uid--) {
			push(hunt, uid, uid);
			hunt->lo = uid;
			if (++n == BAD_AT_MOST)
				break;
		}
	hunt_on(hunt);
}

void
imap_withheld_news(struct backend *b)
{
	if (++b->box.news >> b->box.in_vain)
		imap_withheld_again(b);
}
