#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"

/* Comparing sets of UIDs with the server's: how a server without QRESYNC, or one that is not believed, is
 * followed. */

struct search {
	struct imap_task *task;
	struct uidset found;
	gint64 folder;
	guint flag;       /* compare_flags: the bit */
	gboolean inverse; /* the search names messages without it */
};

void
imap_subtract(struct uidset *out, const struct uidset *a, const struct uidset *b)
{
	guint j = 0;

	for (guint i = 0; i < a->len; i++) {
		guint64 lo = a->ranges[i].lo, hi = a->ranges[i].hi;

		while (j < b->len && b->ranges[j].hi < lo)
			j++;
		for (guint k = j; k < b->len && b->ranges[k].lo <= hi && lo <= hi; k++) {
			if (b->ranges[k].lo > lo)
				uidset_add(out, lo, b->ranges[k].lo - 1);
			lo = b->ranges[k].hi + 1;
		}
		if (lo <= hi)
			uidset_add(out, lo, hi);
	}
}

static struct search *
search_new(struct backend *b, struct imap_task *task)
{
	struct search *s = g_new0(struct search, 1);

	s->task = task;
	s->folder = b->box.folder;
	uidset_init(&s->found);
	imap_task_hold(task);
	return s;
}

static void
search_end(struct search *s, const GError *error)
{
	uidset_clear(&s->found);
	imap_task_release(s->task, error);
	g_free(s);
}

static void
send_search(struct backend *b, struct search *s, const char *key, imap_cmd_done done)
{
	struct imap_cmd *cmd = imap_cmd_in(b, s->folder, "UID SEARCH", done, s);
	g_autofree char *windows = uidset_format(&b->box.windows);
	guint64 lo, hi;

	cmd->found = &s->found;
	if (imap_has(b, "ESEARCH"))
		imap_command_atom(cmd->wire, "RETURN (ALL)");
	else
		cmd->kind = IMAP_CMD_ALONE; /* servers answer the next SEARCH before they say that this one is
		                               done */
	if (imap_box_hole(&b->box.windows, b->box.uidnext, &lo, &hi) && *windows && strlen(windows) < 800) {
		imap_command_atom(cmd->wire, "UID");
		imap_command_atom(cmd->wire, windows);
	}
	imap_command_atom(cmd->wire, key);
	imap_queue(b, cmd);
}

/* ---- which messages there are ---- */

static void
fetch_missing(struct backend *b, const struct uidset *missing, struct imap_task *task)
{
	guint at = 0;
	char *slice;

	while ((slice = uidset_format_slice(missing, &at, 900))) {
		struct imap_cmd *cmd =
		        imap_fetch_rows(b, "UID FETCH", slice, imap_row_items, 0, imap_task_cmd_done, task);

		cmd->folder = b->box.folder;
		imap_task_hold(task);
		imap_queue(b, cmd);
		g_free(slice);
	}
}

static void
inside(struct uidset *out, const struct uidset *set, const struct uidset *windows)
{
	struct uidset outside;

	uidset_init(&outside);
	imap_subtract(&outside, set, windows);
	imap_subtract(out, set, &outside);
	uidset_clear(&outside);
}

/* After a look at all UIDs there are, the numbers can be told again. */
static void
recount(struct backend *b, const struct uidset *found)
{
	struct imap_box *box = &b->box;
	guint64 lo, hi, n = uidset_count(found);
	struct uidset known;

	if (imap_box_hole(&box->windows, box->uidnext, &lo, &hi))
		return;
	uidset_init(&known);
	inside(&known, found, &box->windows);
	box->exists = MAX(box->exists, n);
	box->counted = uidset_count(&known);
	uidset_clear(&known);
	imap_slice_end(b);
	if (!b->conn || !box->resynced)
		return;
	imap_box_make_map(b);
	imap_box_news(b);
	imap_box_resolve(b, NULL);
}

static void
compared(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct search *s = cmd->user;
	g_autoptr(GError) failed = NULL;
	struct uidset here, lost, gone, there, missing;

	if (b->box.folder == s->folder && b->box.comparing)
		b->box.comparing--;
	if (error || !imap_box_valid(&b->box) || b->box.folder != s->folder) {
		search_end(s, error);
		return;
	}
	if (uidset_empty(&s->found) && b->box.exists) {
		log_note(LOG_SYNC,
		         "%s: an empty answer to SEARCH although %" G_GUINT64_FORMAT
		         " messages exist is not believed",
		         b->env->account->id, b->box.exists);
		search_end(s, NULL);
		return;
	}
	uidset_init(&here);
	uidset_init(&lost);
	uidset_init(&gone);
	uidset_init(&there);
	uidset_init(&missing);
	if (store_uids(b->env->store, s->folder, 0, 0, &here, &failed) && imap_tx(b)) {
		imap_subtract(&lost, &here, &s->found);
		inside(&gone, &lost, &b->box.windows); /* outside of them nothing was asked */
		inside(&there, &s->found, &b->box.windows);
		imap_subtract(&missing, &there, &here);
		if (!uidset_empty(&gone) && store_remove_uids(b->env->store, s->folder, &gone, &failed) < 0)
			imap_drop(b, failed);
		else if (!uidset_empty(&missing))
			fetch_missing(b, &missing, s->task);
		b->touched = s->folder;
	}
	uidset_clear(&here);
	uidset_clear(&lost);
	uidset_clear(&gone);
	uidset_clear(&there);
	uidset_clear(&missing);
	if (!failed && b->conn)
		recount(b, &s->found);
	search_end(s, failed);
}

void
imap_verify(struct backend *b, struct imap_task *task)
{
	b->box.doubt = FALSE;
	b->box.comparing++;
	send_search(b, search_new(b, task), "ALL", compared);
}

/* ---- which flags they have ---- */

static gboolean
change_all(struct backend *b, gint64 folder, const struct uidset *uids, guint add, guint remove,
           GError **error)
{
	for (guint i = 0; i < uids->len; i++)
		for (guint64 uid = uids->ranges[i].lo; uid <= uids->ranges[i].hi; uid++)
			if (!store_change_base(b->env->store, folder, uid, add, remove, error) && *error)
				return FALSE;
	return TRUE;
}

static void
flag_compared(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
              const GError *error)
{
	struct search *s = cmd->user;
	g_autoptr(GError) failed = NULL;
	struct uidset all, here, lost, more, gained;

	if (error || !imap_box_valid(&b->box) || b->box.folder != s->folder) {
		search_end(s, error);
		return;
	}
	uidset_init(&all);
	uidset_init(&here);
	uidset_init(&lost);
	uidset_init(&more);
	uidset_init(&gained);
	/* here: our rows that the search should have named; of what it names beyond, only rows that are here
	 * count. */
	if (store_uids(b->env->store, s->folder, 0, 0, &all, &failed) &&
	    store_uids(b->env->store, s->folder, s->flag, s->inverse ? 0 : s->flag, &here, &failed) &&
	    imap_tx(b)) {
		imap_subtract(&lost, &here, &s->found);
		imap_subtract(&more, &all, &here);
		inside(&gained, &more, &s->found);
		if (!change_all(b, s->folder, &gained, s->inverse ? 0 : s->flag, s->inverse ? s->flag : 0,
		                &failed) ||
		    !change_all(b, s->folder, &lost, s->inverse ? s->flag : 0, s->inverse ? 0 : s->flag,
		                &failed))
			imap_drop(b, failed);
		b->touched = s->folder;
	}
	uidset_clear(&all);
	uidset_clear(&here);
	uidset_clear(&lost);
	uidset_clear(&more);
	uidset_clear(&gained);
	search_end(s, failed);
}

void
imap_compare_flags(struct backend *b, struct imap_task *task)
{
	static const struct {
		const char *key;
		guint flag;
		gboolean inverse;
	} searches[] = {
	        {"UNSEEN", FLAG_SEEN, TRUE},        {"FLAGGED", FLAG_FLAGGED, FALSE},
	        {"ANSWERED", FLAG_ANSWERED, FALSE}, {"DELETED", FLAG_DELETED, FALSE},
	        {"DRAFT", FLAG_DRAFT, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(searches); i++) {
		struct search *s = search_new(b, task);

		s->flag = searches[i].flag;
		s->inverse = searches[i].inverse;
		send_search(b, s, searches[i].key, flag_compared);
	}
}
